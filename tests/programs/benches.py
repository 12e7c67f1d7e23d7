"""A card with a version on it, updates to be had, and a night for them."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from sentinel.card.slots import Slot
from sentinel.clock import boot_id, now
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level
from sentinel.model.moment import Moment
from sentinel.model.renewal import Renewal
from sentinel.model.verdict import Assurance, Reason, Verdict
from sentinel.places import Places
from sentinel.programs import renewing
from sentinel.programs.update import Updating
from sentinel.signals import pulse
from tests.builders import IMAGING, coverage, moment

NIGHT = moment(-6 * 3600)
"""Three o'clock UTC, four in Paris."""


@dataclass
class Bench:
    """A card with 0.1.0 on it, and updates to be had."""

    folder: Path
    updating: Updating
    told: list[str]
    hours: list[int] = field(default_factory=list)
    """That have gone by."""

    @property
    def card(self):
        return self.updating.card

    def word(self) -> Renewal | None:
        return renewing.read(self.updating.places)

    def is_untouched(self) -> bool:
        return self.card.chosen() is Slot.A and self.card.is_settled()


def at_night(shift: timedelta = timedelta(0)) -> Moment:
    """Four in Paris on the wall, this very moment on the boot clock."""
    return Moment(wall=NIGHT.wall + shift, boot=now().boot)


def beat(places: Places, *reasons: Reason, fresh: dict[str, bool] | None = None, **more: object) -> None:
    verdict = Verdict(
        level=max((each.level for each in reasons), default=Level.CALM),
        reasons=reasons,
        at=moment(),
        view=View.MIRROR,
        assurance=Assurance.B,
        checked=moment(),
        fresh={"capture": True, "store": True, "clock": True, **(fresh or {})},
    )
    last = pulse.Pulse(at=now(), boot=boot_id(), started=moment(), verdict=verdict, coverage=coverage(now()))
    pulse.write(replace(last, **more), places.pulse)


def red() -> Reason:
    return Reason(code=Code.IMAGES_LEFT, level=Level.ALARM, since=moment(), incident=1, machine=IMAGING, port=4242)


def configured(bench: Bench, **more: object) -> None:
    config = bench.updating.config
    bench.updating = replace(bench.updating, config=replace(config, update=replace(config.update, **more)))
