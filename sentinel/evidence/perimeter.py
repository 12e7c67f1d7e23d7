"""What no sentinel watches: the four fixed lines of every paper."""

from sentinel.evidence.facts import Letterhead
from sentinel.model.verdict import View
from sentinel.text import say

LINES = ("paper.perimeter.relays", "paper.perimeter.udp", "paper.perimeter.wifi", "paper.perimeter.ports")


def perimeter(head: Letterhead) -> list[str]:
    """The four lines; a limited view adds the fifth, which matters most."""
    limited = ("paper.perimeter.view",) if head.view is View.LIMITED else ()
    return [say(head.audience.language, key) for key in (*limited, *LINES)]
