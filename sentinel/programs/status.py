"""`sentinel status`: the pulse, in words or as it is."""

import json
from collections.abc import Callable

from sentinel import codec
from sentinel.clock import boot_id, now
from sentinel.config import Config
from sentinel.model.finding import Level
from sentinel.places import Places
from sentinel.programs.effective import effective
from sentinel.signals import pulse
from sentinel.text import say

EXIT = {Level.CALM: 0, Level.ATTENTION: 1, Level.ALARM: 2, Level.UNSURE: 3}
NOT_RUNNING = 4


def status(config: Config, places: Places, tell: Callable[[str], None], *, as_json: bool) -> int:
    """Say it.

    Returns:
        0 calm, 1 attention, 2 alarm, 3 unsure, 4 not running.
    """
    config = effective(config, places)
    last = pulse.read(places.pulse)
    if last is None or not pulse.is_alive(last, now(), boot_id()):
        tell(json.dumps({"alive": False}) if as_json else say(config.page.language, "lamp.dark.word"))
        return NOT_RUNNING
    if as_json:
        tell(json.dumps(codec.plain(last), sort_keys=True))
        return EXIT[last.verdict.level]
    tell(say(config.page.language, f"lamp.{last.verdict.level.word}.word"))
    for reason in last.verdict.reasons:
        title = say(config.page.language, f"finding.{reason.code.value}.title")
        where = f"  {reason.machine}:{reason.port}" if reason.machine else ""
        name = config.labels.get((reason.mac or "").lower())
        tell(f"  {title}{where}{f'  {name}' if name else ''}")
    return EXIT[last.verdict.level]
