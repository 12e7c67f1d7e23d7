"""What `sentinel check` says of the watched port: the page's words, for whoever stands at the switch."""

from collections.abc import Iterator
from datetime import timedelta

from sentinel.clock import boot_id, now
from sentinel.config import Config
from sentinel.errors import MissingDevice, MissingRight
from sentinel.model.coverage import Coverage, Shows
from sentinel.model.declared import View
from sentinel.model.finding import Code
from sentinel.model.verdict import Verdict
from sentinel.places import Places
from sentinel.programs.glimpse import glimpse
from sentinel.signals import pulse
from sentinel.signals.pulse import Pulse
from sentinel.text import say

WRAPPED = (Shows.COPY, Shows.PPPOE)

Tried = tuple[bool, str]


def showing(config: Config, places: Places, lasts: timedelta) -> Tried:
    """By the sentinel that runs here; where none does, by a look of our own that lasts so long.

    What is missing is a view that is not proved; a quiet night shows nothing of one that is, and that is said too.
    """
    beat = pulse.read(places.pulse)
    if beat and pulse.is_alive(beat, now(), boot_id()):
        return _told(config, beat)
    language = config.page.language
    if config.capture.view is View.LIMITED:
        return True, f"view: {_sentence(language, 'limited')}"
    try:
        seen = glimpse(config.capture, lasts)
    except (MissingRight, MissingDevice) as error:
        return False, f"view: nobody could look: no sentinel runs here, and {error}"
    words = (say(language, "check.view.glimpse"), *_words(seen, seen.shows.value, language))
    return seen.shows is Shows.MIRRORED, f"view: {seen.interface}: {' '.join(words)}"


def _told(config: Config, beat: Pulse) -> Tried:
    language, seen = config.page.language, beat.coverage
    if seen is None:
        return False, f"view: {_sentence(language, 'untold')}"
    limited = config.capture.view is View.LIMITED and seen.shows is not Shows.NO_CARRIER
    proved = beat.verdict.fresh.get("view", False) and seen.shows not in WRAPPED
    words = _words(seen, "limited" if limited else seen.shows.value, language)
    told = (*words, *_unwatched(beat.verdict, language))
    return limited or proved or seen.shows is Shows.MIRRORED, f"view: {seen.interface}: {' '.join(told)}"


def _words(seen: Coverage, shown: str, language: str) -> Iterator[str]:
    yield _sentence(language, shown)
    yield from (say(language, f"wrapped.{kind}") for kind in seen.wrapped if kind.value != shown)
    yield from _losses(seen, language)


def _sentence(language: str, shown: str) -> str:
    return f"{say(language, f'first.view.{shown}')}. {say(language, f'first.view.{shown}.gesture')}"


def _losses(seen: Coverage, language: str) -> Iterator[str]:
    """What of the passing has been lost on its way to us, and where: another place, another thing to change."""
    losses = seen.losses
    counted = {
        "card": losses.by_card,
        "cable": losses.damaged,
        "machine": seen.dropped + losses.frames - losses.by_card - losses.damaged,
        "pieces": seen.pieces,
        "visits": seen.unseen,
        "forgotten": seen.forgotten,
        "unsent": seen.unsent,
    }
    if any(counted.values()) or seen.unopened:
        yield say(language, "check.lost")
    yield from (say(language, f"check.lost.{where}", count=count) for where, count in counted.items() if count)
    if seen.unopened:
        yield say(language, "check.lost.mirror", count=seen.unopened, of=seen.opened + seen.unopened)


def _unwatched(verdict: Verdict, language: str) -> Iterator[str]:
    """Machines that hang elsewhere, where nobody sees who comes to them."""
    found = [str(each.machine or each.mac) for each in verdict.reasons if each.code is Code.NOT_WATCHED]
    if found:
        yield say(language, "check.unwatched", count=len(found), machines=", ".join(found))
