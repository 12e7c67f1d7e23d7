"""What nobody watches, said on every page, print and certificate: four fixed lines.

A full view drops what is then in fact seen: whoever comes to a door that no check asks about crosses the watched
cable. It never drops the rest, since a full view sees neither relays, nor UDP, nor what the box carries by itself.
"""

from sentinel.model.verdict import Verdict, View
from sentinel.text.sentences import BLIND

ALWAYS = ("perimeter.relays", "perimeter.udp", "perimeter.box")
UNLISTED = "perimeter.unlisted"


def perimeter(verdict: Verdict | None) -> tuple[str, ...]:
    """The lines that hold now, as keys; all of them where nothing is seen or nothing known."""
    blind = verdict is None or any(reason.code in BLIND for reason in verdict.reasons)
    full = verdict is not None and verdict.view is View.MIRROR and not blind
    return ALWAYS if full else (*ALWAYS, UNLISTED)
