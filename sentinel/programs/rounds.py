"""What `watch` looks at by the clock: disk, lamp, network, box, and the echoes that are to be asked.

Each job posts facts and touches nothing else; what two of them need of our surroundings is kept here.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from sentinel.capture.surroundings import Surroundings, ask
from sentinel.clock import Clock
from sentinel.config import Config
from sentinel.model.fact import Fact
from sentinel.model.moment import Address
from sentinel.model.networks import Networks
from sentinel.model.passing import Beat, Health, Part
from sentinel.places import Places
from sentinel.programs.asking import Asking
from sentinel.programs.looking import Looking
from sentinel.signals.button import Button
from sentinel.signals.lamp import Lamp
from sentinel.timetable import Job, Post

BOX = timedelta(seconds=45)
"""A reading takes ten seconds at most, so a new mapping is known within a minute."""
LOOKS = timedelta(seconds=0.5)
"""How often it is looked whether an echo is to be asked: whoever pressed the button stands there."""
LAMP = timedelta(seconds=5)
"""How often it is asked whether it can be driven."""
SPARE = 50 << 20
"""Bytes the disk must have left: a store that fills up loses the worst day."""


class Rounds:
    """The jobs, and what they have learnt of where we are."""

    def __init__(self, config: Config, places: Places, clock: Clock, around: Surroundings) -> None:
        self._config = config
        self._places = places
        self._clock = clock
        self._at_start: Surroundings | None = around
        self.families: tuple[int, ...] = around.families
        self.box: tuple[Address, ...] = self.networks(around).box

    def networks(self, around: Surroundings) -> Networks:
        """What is ours, with what was declared."""
        return around.networks(self._config.capture.prefixes, self._config.capture.box)

    def here(self, lamp: Lamp, button: Button) -> list[Job]:
        """What is looked at in this machine itself."""

        def look_at_lamp() -> Iterator[Fact]:
            button.look()
            yield lamp.health()

        return [
            Job(name="beat", every=timedelta(seconds=1), work=self._beat),
            Job(name="disk", every=timedelta(seconds=5), work=self._look_at_disk),
            Job(name="lamp", every=LAMP, work=look_at_lamp),
        ]

    def outside(self, asking: Asking, looking: Looking, may_ask: Callable[[], bool], post: Post) -> list[Job]:
        """What is asked of the network and beyond it; an echo only once it may be."""

        def look_at_box() -> Iterator[Fact]:
            for reading in looking.work():
                asking.learn(reading)  # whose the address is, before anybody knocks at it
                yield reading

        def ask_over(family: int) -> Iterable[Fact]:
            if may_ask():
                asking.work(family, post)
            return ()

        def ask_again() -> Iterable[Fact]:
            asking.work_again(post)
            return ()

        return [
            Job(name="surroundings", every=timedelta(seconds=60), work=self._look_around),
            Job(name="box", every=BOX, work=look_at_box),
            Job(name="IPv4", every=LOOKS, work=lambda: ask_over(4)),
            Job(name="IPv6", every=LOOKS, work=lambda: ask_over(6)),
            Job(name="re-test", every=LOOKS, work=ask_again),
        ]

    def _beat(self) -> Iterator[Fact]:
        yield Beat(at=self._clock())

    def _look_at_disk(self) -> Iterator[Fact]:
        free = shutil.disk_usage(self._places.lasting).free
        yield Health(part=Part.DISK, well=free > SPARE, detail=f"{free >> 20} MB left", at=self._clock())

    def _look_around(self) -> Iterator[Fact]:
        around, self._at_start = self._at_start, None
        if around is None or not around.gateways:  # a card just switched on has no address yet, but for fe80::
            around = ask()
        if not around.prefixes:  # the kernel could not be asked, or has no network: nothing new is known
            return
        networks = self.networks(around)
        self.families, self.box = around.families, networks.box
        yield around.home(networks, self._clock())
