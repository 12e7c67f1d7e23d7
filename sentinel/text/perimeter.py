"""What nobody watches, said on the page and on every paper: four fixed lines, and a fifth in a limited view.

A full view never drops the ports that no check asks about: it sees whoever comes to one, and not that one is open.
Blind, it does not see that either. Relays, UDP and what the box carries by itself no view sees.
"""

from sentinel.model.declared import View
from sentinel.model.verdict import Verdict
from sentinel.text.sentences import BLIND

ALWAYS = ("perimeter.relays", "perimeter.udp", "perimeter.box")
UNSEEN, UNLISTED, UNVISITED = "perimeter.view", "perimeter.unlisted", "perimeter.unvisited"


def perimeter(view: View | None, *, blind: bool = False) -> tuple[str, ...]:
    """The lines that hold for a view, as keys; None: nothing is watched at all."""
    if view is View.LIMITED:
        return (UNSEEN, *ALWAYS, UNLISTED)
    return (*ALWAYS, UNLISTED if view is None or blind else UNVISITED)


def perimeter_now(verdict: Verdict | None) -> tuple[str, ...]:
    """The lines that hold now."""
    blind = verdict is not None and any(reason.code in BLIND for reason in verdict.reasons)
    return perimeter(verdict.view if verdict else None, blind=blind)
