"""`sentinel check`: tries each thing the sentinel needs on this machine, and says what is missing."""

import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from sentinel.capture import link, rights
from sentinel.capture.surroundings import look_around
from sentinel.clock import boot_id, now
from sentinel.config import Config
from sentinel.errors import SentinelError
from sentinel.model.declared import View
from sentinel.model.finding import Level
from sentinel.model.passing import Part
from sentinel.places import Places
from sentinel.programs import glimpse
from sentinel.programs.effective import effective
from sentinel.programs.installation import installation
from sentinel.programs.showing import showing
from sentinel.reach import keys
from sentinel.signals import pulse
from sentinel.signals.button import Button
from sentinel.signals.lamp import Lamp
from sentinel.signals.sending import MISSING, is_installed

Say = Callable[[str], None]


def check(
    config: Config,
    places: Places,
    tell: Say,
    file: Path = Path("sentinel.toml"),
    lasts: timedelta = glimpse.LASTS,
) -> bool:
    """Try everything; True when nothing is missing.

    Args:
        config: as it was read from `file` before.
        places: where things lie.
        tell: takes each sentence.
        file: the configuration itself.
        lasts: how long the watched port is looked at where no sentinel runs.
    """
    tell("configuration: read, no mistake")
    tried = [
        _interface(config),
        showing(config, places, lasts),
        _rights(),
        _store(places),
        _lamp(config, places),
        _page(config),
        _echo(config, places),
        _notices(config, places),
        *installation(config, places, file),
    ]
    for well, sentence in tried:
        tell(f"{'ok     ' if well else 'MISSING'}  {sentence}")
    return all(well for well, _ in tried)


def _interface(config: Config) -> tuple[bool, str]:
    around = look_around()
    name = link.named(config.capture.interface) or around.interface
    if not name:
        return False, "interface: there is no default route; name the mirror port's card under [capture]"
    if not link.mac(name):
        return False, f"interface: there is no {name!r} here"
    if not link.has_carrier(name):
        return False, f"interface: {name} has no carrier: is its cable in, and the other end on?"
    apart = "a card of its own" if name != around.interface else "the card of the default route"
    mirror = "" if config.capture.view is View.LIMITED else "; the mirror is proved once it runs"
    return True, f"interface: {name}, {apart}{mirror}"


def _rights() -> tuple[bool, str]:
    if rights.can_capture():
        return True, "rights: raw sockets may be opened"
    return False, "rights: CAP_NET_RAW is needed to capture: run as root, or through the unit"


def _store(places: Places) -> tuple[bool, str]:
    try:
        places.make()
        probe = places.lasting / "check.tmp"
        with sqlite3.connect(probe) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS probe (x)")
        connection.close()
        probe.unlink()
    except (OSError, sqlite3.Error, SentinelError) as error:
        return False, f"store: {places.lasting} cannot be written: {error}"
    free = shutil.disk_usage(places.lasting).free >> 20
    return True, f"store: {places.lasting} can be written, {free} MB left"


def _page(config: Config) -> tuple[bool, str]:
    """On the LAN a password must not be read on its way."""
    page = config.page
    if page.https_port:
        return True, f"page: {page.host}, port {page.port}; behind the password by TLS, port {page.https_port}"
    if ip_address(page.host).is_loopback:
        return True, f"page: {page.host}, port {page.port}: this machine alone"
    return False, f"page: {page.host} without page.https_port: a password could be read on its way"


def _lamp(config: Config, places: Places) -> tuple[bool, str]:
    """Whose pins a running sentinel holds is not asked for them: it has its own word."""
    kind, beat = config.lamp.kind.value, pulse.read(places.pulse)
    if beat and pulse.is_alive(beat, now(), boot_id()):
        fault = beat.parts.get(Part.LAMP, "")
        return not fault, f"lamp: {kind}, held by the sentinel that runs here{': ' if fault else ''}{fault}"
    lamp = Lamp(config.lamp, now, lambda *_: None)
    lamp.show(Level.UNSURE, now())
    lamp.close()
    button = Button(config.lamp, now, lambda _: None)
    button.close()
    if lamp.fault:
        return False, f"lamp: it cannot be driven: {lamp.fault}"
    if button.fault:
        return False, f"lamp: {kind}, but its button cannot be had: {button.fault}"
    return True, f"lamp: {kind}{', with a button' if config.lamp.button else ''}"


def _notices(config: Config, places: Places) -> tuple[bool, str]:
    """An address without the extra is a notice that never leaves; no address is a choice, and is said."""
    notices = effective(config, places).notices
    told = f"{len(notices.practice)} for the practice, {len(notices.technician)} for the technician"
    if not notices.practice and not notices.technician:
        return True, "notices: no address; nobody is told of an alarm but by lamp and page"
    if not is_installed():
        return False, f"notices: {told}, but {MISSING}"
    return True, f"notices: {told}; send a test from the page"


def _echo(config: Config, places: Places) -> tuple[bool, str]:
    try:
        known = keys.echoes(places.lasting)
    except (OSError, SentinelError) as error:
        return False, f"echo: what we know of it cannot be read: {error}"
    if known:
        return True, f"echo: enrolled with {', '.join(each.host for each in known)}"
    if config.echo.invitation:
        return True, "echo: an invitation is there, and is used at the first start"
    return False, "echo: none; without one the lamp stays blue (sentinel enrol INVITATION)"
