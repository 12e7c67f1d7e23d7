"""What may be wrong with a configuration whose every key can be read, each as one sentence for a person."""

import re
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sentinel.config import (
    ALL_PORTS,
    FRIDAY,
    SHORTEST_CODE,
    Config,
    Echo,
    Expected,
    Lamp,
    LampKind,
    Notices,
    Page,
    Practice,
    Update,
    Whose,
)
from sentinel.model.networks import is_narrow
from sentinel.ownports import EXTRA_PORTS, own_ports

ECHOES = 3
"""Asked one after the other at each check; more would teach nothing."""
PINS = {
    LampKind.PINS: ((1, 3), "one pin, or three for red, green, blue"),
    LampKind.TRAFFIC: ((3,), "three pins, for red, yellow, green"),
}
"""How many pins a lamp may have, and for what."""
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
INTERFACE = re.compile(r"(?!\.{1,2}$)[^\s/:]{1,15}")
"""As the kernel takes it (dev_valid_name)."""


def acceptance(path: str, each: Expected) -> list[str]:
    """Of one accepted door."""
    mistakes = [*_ports(f"{path}.port", [each.port])]
    if each.source != "any":
        wrong = _networks(f"{path}.source", [each.source])
        if not wrong and not is_narrow(ip_network(each.source)):
            wrong = [f"{path}.source = {each.source!r}: expected somebody's network, or any"]
        mistakes += wrong
    if not MAC.fullmatch(each.machine.lower()) and not _is_address(each.machine):
        mistakes.append(f"{path}.machine = {each.machine!r}: expected a MAC address or an IP address")
    if each.until.isoweekday() >= FRIDAY:
        mistakes.append(f"{path}.until = {each.until}: expected a Monday to Thursday, when somebody is there")
    return mistakes


def contradictions(config: Config) -> list[str]:
    """What each key allows but the whole does not."""
    return [
        *_networks("capture.prefixes", config.capture.prefixes),
        *_networks("capture.private_networks", config.capture.private_networks),
        *_addresses("capture.box", config.capture.box),
        *_ports("page.port", [config.page.port]),
        *_ports("page.https_port", [config.page.https_port] if config.page.https_port else []),
        *_ports("echo.extra_ports", config.echo.extra_ports),
        *_ports("echo.expect_open", config.echo.expect_open),
        *_addresses("page.host", [config.page.host]),
        *_lamp(config.lamp),
        *_page(config.page),
        *_practice(config.practice),
        *_networks("page.page_from", config.page.page_from),
        *_notices(config.notices),
        *_echo(config.echo),
        *_firewall(config.capture.firewall),
        *_interface(config.capture.interface),
        *_counts(config),
        *_update(config.update),
    ]


def _networks(path: str, texts: Any) -> list[str]:
    return [
        f"{path} = {text!r}: expected a network such as 192.168.2.0/24" for text in texts if not _is_network(text)
    ]


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _addresses(path: str, texts: Any) -> list[str]:
    return [f"{path} = {text!r}: expected an IP address" for text in texts if not _is_address(text)]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _ports(path: str, ports: Any) -> list[str]:
    return [f"{path} = {port}: expected a port, 1-65535" for port in ports if not 1 <= port <= 65535]


def _echo(echo: Echo) -> list[str]:
    """Whoever declares an address answers for it; a share must leave us a port to come from."""
    mistakes = []
    if len(echo.all_invitations) > ECHOES:
        mistakes.append(f"echo.invitations: {len(echo.all_invitations)} echoes, {ECHOES} at most")
    low, high = echo.port_share
    if not 0 <= low <= high <= 65_535 or high < 1024:
        mistakes.append(f"echo.port_share = {[low, high]}: expected first and last port, as [16384, 32767]")
    declares = echo.address is not Whose.AUTO or echo.port_share != ALL_PORTS
    if declares and not echo.declared_by.strip():
        mistakes.append("echo.declared_by: missing; who declares the address and when, as 'Sophie, 2026-11-23'")
    return mistakes


def _firewall(text: str) -> list[str]:
    if not text or MAC.fullmatch(text.lower()) or _is_address(text):
        return []
    return [f"capture.firewall = {text!r}: expected a MAC address or an IP address"]


def _interface(text: str) -> list[str]:
    if not text or INTERFACE.fullmatch(text) or MAC.fullmatch(text.lower()):
        return []
    return [f"capture.interface = {text!r}: expected a card's name such as eth1, or its MAC address"]


def _lamp(lamp: Lamp) -> list[str]:
    mistakes = [f"lamp.pins = {pin}: expected a pin, 0-27" for pin in lamp.pins if not 0 <= pin <= 27]
    counts, wanted = PINS.get(lamp.kind, ((), ""))
    if counts and (len(lamp.pins) not in counts or len(set(lamp.pins)) != len(lamp.pins)):
        mistakes.append(f"lamp.pins = {list(lamp.pins)}: expected {wanted}")
    if not 0 <= lamp.button <= 27 or (lamp.button and lamp.button in lamp.pins):
        mistakes.append(f"lamp.button = {lamp.button}: expected a pin of its own, 1-27, or 0 for none")
    return mistakes


def _page(page: Page) -> list[str]:
    letters, mistakes = sum(letter.isalnum() for letter in page.code), []
    if page.code and letters < SHORTEST_CODE:
        mistakes.append(f"page.code: {letters} letters and digits, expected {SHORTEST_CODE} at least")
    if page.https_port == page.port:
        mistakes.append(f"page.https_port = {page.https_port}: expected another port than page.port")
    return mistakes


def _practice(practice: Practice) -> list[str]:
    mistakes = [f"practice.days = {day}: expected 1 (Monday) to 7" for day in practice.days if not 1 <= day <= 7]
    mistakes += [
        f"practice.holidays = {text!r}: expected two days such as 2026-12-24/2027-01-03"
        for text in practice.holidays
        if not _holiday(text)
    ]
    try:
        ZoneInfo(practice.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, as Europe
        mistakes.append(f"practice.time_zone = {practice.time_zone!r}: expected a zone such as Europe/Paris")
    return mistakes


def _holiday(text: str) -> bool:
    try:
        first, last = (date.fromisoformat(each) for each in text.split("/"))
    except ValueError:
        return False
    return first <= last


def _notices(notices: Notices) -> list[str]:
    """An address may hold a password: a mistake names its place and its kind, never the whole."""
    mistakes = [
        f"notices.{name}[{n}]: expected an address such as mailtos://… or ntfys://…"
        for name, urls in (("practice", notices.practice), ("technician", notices.technician))
        for n, url in enumerate(urls)
        if not re.match(r"[a-z][a-z0-9+.-]*://", url)
    ]
    if not 1 <= notices.drill_weekday <= 5:
        mistakes.append(f"notices.drill_weekday = {notices.drill_weekday}: expected 1 (Monday) to 5")
    return mistakes


def _update(update: Update) -> list[str]:
    mistakes = []
    if update.source and not re.fullmatch(r"https://[^\s/@?#]+(/[^\s?#]*)?", update.source):
        mistakes.append(
            f"update.source = {update.source!r}: expected an address such as https://example.org/sentinel"
        )
    if update.automatic and not update.source:
        mistakes.append("update.automatic: needs update.source, from where new versions come")
    if update.opens == update.closes:
        mistakes.append(f"update.closes = {update.closes}: expected another time than update.opens")
    return mistakes


def _asked(config: Config) -> list[str]:
    """Our own ports are asked about first: what is configured must fit beside them."""
    configured = {*config.echo.extra_ports, *config.echo.expect_open}
    own = own_ports(config.page) if _is_address(config.page.host) else ()
    ours = [port for port in own if port not in configured]
    if len(configured) + len(ours) <= EXTRA_PORTS:
        return []
    room = f"{EXTRA_PORTS - len(ours)} at most together"
    if ours:
        room += f", beside our own ({', '.join(map(str, sorted(ours)))})"
    return [f"echo.extra_ports and expect_open: {len(configured)} ports, {room}"]


def _counts(config: Config) -> list[str]:
    mistakes = _asked(config)
    if not 0 < config.capture.images_left_mb <= 1e6:
        mistakes.append(
            f"capture.images_left_mb = {config.capture.images_left_mb}: expected more than 0, 1e6 at most"
        )
    if not 1 <= config.store.months <= 12:
        mistakes.append(f"store.months = {config.store.months}: expected 1 to 12")
    if not 0.1 <= config.store.batch_seconds <= 300:
        mistakes.append(f"store.batch_seconds = {config.store.batch_seconds}: expected 0.1 to 300")
    return mistakes
