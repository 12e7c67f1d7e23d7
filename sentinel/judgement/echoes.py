"""Each echo's last word on each port, and which of them is not believed at this moment.

Open at any echo counts while its word is fresh. An echo that denies what we saw is not believed until it agrees
about that very door.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sentinel.judgement.conditions import condition
from sentinel.model.exposure import Exposure, PortList, Reach, ReachOutcome
from sentinel.model.finding import Code, Finding
from sentinel.model.moment import Moment

WORD_LASTS = timedelta(hours=12)
"""How long « open » of an echo that was not heard since counts: as long as its full list proves anything."""


class Echoes:
    """What they said, and what they denied."""

    def __init__(self) -> None:
        self._denied: dict[tuple[str, int], dict[int, str]] = {}
        """For each echo and family the public ports of which it last denied what we saw, and in which check."""
        self._said: dict[tuple[int, int], dict[str, tuple[Reach, Moment]]] = {}
        """For each family and public port the last word of each echo."""

    def recall(self, openings: Iterable[tuple[str, int, int, Moment]]) -> None:
        """After a restart: which echo (key id) last found which family and public port open, and when."""
        for echo, family, port, at in openings:
            self._said.setdefault((family, port), {})[echo] = (Reach.OPEN, at)

    def denies(self, echo: str, family: int) -> bool:
        """Whether an echo denies what we saw: nothing it says there is a proof until it agrees."""
        return bool(self._denied.get((echo, family)))

    def contradict(self, exposure: Exposure) -> Finding:
        """It denies what the mirror saw of its own knock."""
        echo, family = exposure.echo, exposure.address.version
        self._denied.setdefault((echo, family), {})[exposure.port] = exposure.check
        return condition(Code.ECHO_CONTRADICTED, exposure.at, holds=True, family=family, echo=echo)

    def hear(self, exposure: Exposure) -> None:
        """A definite word, which nothing contradicts."""
        family = exposure.address.version
        self._denied.get((exposure.echo, family), {}).pop(exposure.port, None)
        self._said.setdefault((family, exposure.port), {})[exposure.echo] = (exposure.reach, exposure.at)

    def is_open_to_another(self, exposure: Exposure) -> bool:
        """Open at any echo counts: until that one says otherwise, or its word has lost its age."""
        said = self._said.get((exposure.address.version, exposure.port), {})
        return any(
            echo != exposure.echo and reach is Reach.OPEN and exposure.at.since(at) <= WORD_LASTS
            for echo, (reach, at) in said.items()
        )

    def checked(self, outcome: ReachOutcome) -> Iterator[Finding]:
        """A contradiction ends when the echo agrees about the same door; a full list asks about them all.

        A port that is asked about no more, such as one the box mapped once, cannot be agreed about: that ends too.
        """
        whose = (outcome.echo, outcome.family)
        denied = self._denied.get(whose)
        if denied and outcome.ports is PortList.FULL:
            denied = self._denied[whose] = {
                port: check for port, check in denied.items() if check == outcome.check
            }
        if denied or (denied is None and outcome.ports is not PortList.FULL):
            return
        self._denied.pop(whose, None)
        yield condition(Code.ECHO_CONTRADICTED, outcome.at, holds=False, family=outcome.family, echo=outcome.echo)
