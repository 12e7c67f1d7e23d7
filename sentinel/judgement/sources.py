"""Who came how often: the most frequent sources of each story, and how many more there were at least.

Every source is counted while there is room; a flood of them makes the story whose turn is longest ago keep only
the names it tells. So a count that is told is never too high, and neither is the number of the others.
"""

from collections import Counter
from heapq import nsmallest

from sentinel.model.finding import Finding, Story
from sentinel.model.incident import Incident

NAMED = 20
"""Sources a story names."""

Named = tuple[tuple[str, int], ...]


class Sources:
    """The tallies of the stories under way.

    Args:
        most: sources counted for one story.
        of_all: sources counted for all of them; the story under way keeps its own in any case.
    """

    def __init__(self, most: int = 2_000, of_all: int = 20_000) -> None:
        self._most, self._of_all = most, of_all
        self._tallies: dict[Story, Counter[str]] = {}
        self._size = 0

    def count(self, known: Incident | None, finding: Finding) -> tuple[Named, int]:
        """The story's most frequent sources after one finding more, and how many others it had at least."""
        named, others = (known.sources, known.other_sources) if known else ((), 0)
        if finding.source is None or not finding.count:
            return named, others
        tally = self._tally(finding.story, named)
        name = str(finding.source)
        if name in tally or len(tally) < self._most:
            self._size += name not in tally
            tally[name] += finding.count
        self._make_room(finding.story)
        top = nsmallest(NAMED, tally.items(), key=lambda each: (-each[1], each[0]))  # the same after a restart
        return tuple(top), max(others, len(tally) - len(top))

    def _tally(self, story: Story, named: Named) -> Counter[str]:
        """The story's own, as the one counted last."""
        tally = self._tallies.pop(story, None)
        if tally is None:
            tally = Counter(dict(named))
            self._size += len(tally)
        self._tallies[story] = tally
        return tally

    def _make_room(self, but: Story) -> None:
        while self._size > self._of_all and len(self._tallies) > 1:
            oldest = next(iter(self._tallies))
            if oldest == but:
                return
            self._size -= len(self._tallies.pop(oldest))
