"""What no sentinel watches, at the foot of every paper: the page's own lines."""

from sentinel.evidence.facts import Letterhead
from sentinel.text import perimeter as lines
from sentinel.text import say


def perimeter(head: Letterhead) -> list[str]:
    """The lines in the words of the paper's language."""
    return [say(head.audience.language, key) for key in lines.perimeter(head.view)]
