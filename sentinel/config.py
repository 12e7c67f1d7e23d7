"""`sentinel.toml`: one frozen dataclass per section, whose defaults are the documentation.

Reading reports every mistake at once: the key's path, its value, what was expected, the nearest known key.
"""

import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, time
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sentinel import codec
from sentinel.errors import ConfigurationError
from sentinel.model.exposure import Identify
from sentinel.model.networks import Network
from sentinel.model.verdict import View

EXTRA_PORTS = 15
"""An echo takes 16 beyond its list; the IPv6 door test needs one of them."""
ALL_PORTS = (0, 65_535)
ECHOES = 3
"""Asked one after the other at each check; more would teach nothing."""
SHORTEST_CODE = 4
FRIDAY = 5
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Language(StrEnum):
    """What the page, the lamp's terminal and the notices speak unless a reader chooses otherwise."""

    FR = "fr"
    EN = "en"


class Whose(StrEnum):
    """Whose the public IPv4 address is."""

    AUTO = "auto"
    """What the box says of its internet side, where it says anything."""
    OWN = "own"
    """Ours alone, although the box has a private one: the router before it is ours too."""
    SHARED = "shared"
    """Several subscribers': nobody there can be sent to us, and asking would knock at neighbours."""


class LampKind(StrEnum):
    """What shows the verdict."""

    SIMULATED = "simulated"
    """In the terminal and on the page."""
    PINS = "pins"
    """LEDs on the board's header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """Who it is for, and who is called when the lamp is not green."""

    name: str = ""
    contact: str = ""
    """The person to call: a name, not a role."""
    phone: str = ""
    opens: time = time(8, 0)
    closes: time = time(19, 0)
    days: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Opening days, 1 = Monday."""
    time_zone: str = "Europe/Paris"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where frames come from and what belongs to the practice."""

    interface: str = ""
    """The network card on the mirror port; empty: the one of the default route."""
    view: View = View.MIRROR
    """`mirror`, or `limited` where the switch port is an ordinary one."""
    prefixes: tuple[str, ...] = ()
    """Networks of the practice beyond the connected ones, as 192.168.2.0/24."""
    box: tuple[str, ...] = ()
    """The box's own LAN addresses; empty: those of the default routes."""
    private_networks: tuple[str, ...] = ()
    """Private networks that may connect, such as the VPN of the technician."""
    firewall: str = ""
    """MAC or IP address of the practice's own firewall, where the box sends it everything (DMZ)."""
    images_left_mb: float = 1.0
    """More than this towards an outsider after a DICOM association: images left. Megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One accepted door: who may come to which machine, until when, and who said so."""

    machine: str
    """MAC address, or an IP address where the MAC is not known."""
    port: int
    until: date
    who: str
    why: str
    source: str = "any"
    """An address or network, or `any`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The outside echo that knocks at our public address."""

    invitation: str = ""
    """`sentinel-echo://…`, as its operator gave it; used once, at the first start."""
    invitations: tuple[str, ...] = ()
    """The same where there are several echoes, 3 at most: two that agree are the best proof there is."""
    expect_open: tuple[int, ...] = ()
    """Declared open doors, such as the VPN: each check must find them open, or it proves nothing."""
    extra_ports: tuple[int, ...] = ()
    """Public ports to ask about beyond the list; with the declared ones 15 at most."""
    identify: Identify = Identify.NEW_NO_TLS
    """Which open doors are asked who they are."""
    port_share: tuple[int, int] = ALL_PORTS
    """First and last port of ours, where the provider shares one IPv4 address by ports (A+P, RFC 6346).

    Needs `declared_by`: the ports beyond it are a neighbour's, and are not asked about.
    """
    address: Whose = Whose.AUTO
    """Whose the public IPv4 address is; `own` and `shared` need `declared_by`."""
    declared_by: str = ""
    """Who said whose the address or its ports are, and when: "Sophie Martin, 2026-11-23"."""

    @property
    def all_invitations(self) -> tuple[str, ...]:
        """Every invitation of the file, once each."""
        return tuple(dict.fromkeys(each for each in (self.invitation, *self.invitations) if each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """The lamp staff glance at."""

    kind: LampKind = LampKind.SIMULATED
    pins: tuple[int, ...] = ()
    """BCM numbers: one for a single LED, three for red, green, blue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The local page."""

    host: str = "127.0.0.1"
    port: int = 8080
    language: Language = Language.FR
    code: str = ""
    """Opens the detailed pages; empty: made at first start and written to CODE-SENTINELLE.txt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where rows are kept."""

    batch_seconds: float = 5.0
    """Routine rows wait this long for one common write; 60 spares a memory card. Incidents never wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file. A room receives its own section."""

    practice: Practice = field(default_factory=Practice)
    capture: Capture = field(default_factory=Capture)
    labels: dict[str, str] = field(default_factory=dict)
    """MAC address to the name the practice gave the machine."""
    expected: tuple[Expected, ...] = ()
    echo: Echo = field(default_factory=Echo)
    lamp: Lamp = field(default_factory=Lamp)
    page: Page = field(default_factory=Page)
    store: Store = field(default_factory=Store)


SECTIONS: dict[str, type] = {
    "practice": Practice,
    "capture": Capture,
    "echo": Echo,
    "lamp": Lamp,
    "page": Page,
    "store": Store,
}


def load(path: Path) -> Config:
    """The configuration in `path`; all defaults when there is no such file.

    Raises:
        ConfigurationError: with every mistake of the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: cannot be read: {error}"]) from None
    return parse(text)


def parse(text: str) -> Config:
    """The configuration in `text`.

    Raises:
        ConfigurationError: with every mistake of the text.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"not TOML: {error}"]) from None
    except RecursionError:
        raise ConfigurationError(["not TOML: nested too deeply"]) from None
    mistakes: list[str] = []
    config = _read(document, mistakes)
    mistakes.extend(_contradictions(config))
    if mistakes:
        raise ConfigurationError(mistakes)
    return config


def _read(document: dict[str, Any], mistakes: list[str]) -> Config:
    known = [*SECTIONS, "labels", "expected"]
    mistakes.extend(_unknown(key, known, "") for key in document if key not in known)
    sections = {name: _section(document.get(name, {}), kind, name, mistakes) for name, kind in SECTIONS.items()}
    return Config(
        **sections,
        labels=_labels(document.get("labels", {}), mistakes),
        expected=_all_expected(document.get("expected", []), mistakes),
    )


def _section(table: Any, kind: type, path: str, mistakes: list[str]) -> Any:
    """One section; where a key is wrong its mistake is noted and the default stands in."""
    if not isinstance(table, dict):
        mistakes.append(f"{path} = {table!r}: expected a section [{path}]")
        return None if _required(kind) else kind()
    names = [each.name for each in fields(kind)]
    mistakes.extend(_unknown(key, names, f"{path}.") for key in table if key not in names)
    hints = get_type_hints(kind)
    values = {}
    for name in names:
        if name not in table:
            continue
        try:
            values[name] = codec.convert(table[name], hints[name])
        except ValueError as error:
            mistakes.append(f"{path}.{name} = {table[name]!r}: {_sentence(error, hints[name])}")
    missing = [name for name in _required(kind) if name not in table]
    mistakes.extend(f"{path}.{name}: missing" for name in missing)
    return kind(**values) if all(name in values for name in _required(kind)) else None


def _required(kind: type) -> list[str]:
    return [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]


def _unknown(key: str, known: list[str], prefix: str) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f"; did you mean {prefix}{near[0]}?" if near else f"; known here: {', '.join(known)}"
    return f"{prefix}{key}: no such key{hint}"


def _sentence(error: ValueError, wanted: Any) -> str:
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return f"expected one of {', '.join(wanted)}"
    return str(error).replace("Expected", "expected")


def _labels(table: Any, mistakes: list[str]) -> dict[str, str]:
    if not isinstance(table, dict):
        mistakes.append(f"labels = {table!r}: expected a section [labels]")
        return {}
    for mac, label in table.items():
        if not MAC.fullmatch(mac.lower()):
            mistakes.append(f"labels.{mac!r}: expected a MAC address such as 00:11:22:33:44:55")
        if not isinstance(label, str):
            mistakes.append(f"labels.{mac!r} = {label!r}: expected a name in quotes")
    return {mac.lower(): str(label) for mac, label in table.items()}


def _all_expected(tables: Any, mistakes: list[str]) -> tuple[Expected, ...]:
    if not isinstance(tables, list):
        mistakes.append(f"expected = {tables!r}: expected a list of sections [[expected]]")
        return ()
    read = {n: _section(table, Expected, f"expected[{n}]", mistakes) for n, table in enumerate(tables)}
    whole = {n: each for n, each in read.items() if each is not None}
    mistakes.extend(mistake for n, each in whole.items() for mistake in _acceptance(f"expected[{n}]", each))
    return tuple(whole.values())


def _acceptance(path: str, each: Expected) -> list[str]:
    mistakes = [*_ports(f"{path}.port", [each.port])]
    if each.source != "any":
        mistakes += _networks(f"{path}.source", [each.source])
    if not MAC.fullmatch(each.machine.lower()) and not _is_address(each.machine):
        mistakes.append(f"{path}.machine = {each.machine!r}: expected a MAC address or an IP address")
    if each.until.isoweekday() >= FRIDAY:
        mistakes.append(f"{path}.until = {each.until}: expected a Monday to Thursday, when somebody is there")
    return mistakes


def _contradictions(config: Config) -> list[str]:
    """What each key allows but the whole does not."""
    return [
        *_networks("capture.prefixes", config.capture.prefixes),
        *_networks("capture.private_networks", config.capture.private_networks),
        *_addresses("capture.box", config.capture.box),
        *_ports("page.port", [config.page.port]),
        *_ports("echo.extra_ports", config.echo.extra_ports),
        *_ports("echo.expect_open", config.echo.expect_open),
        *_addresses("page.host", [config.page.host]),
        *_lamp(config.lamp),
        *_page(config.page),
        *_practice(config.practice),
        *_echo(config.echo),
        *_firewall(config.capture.firewall),
        *_counts(config),
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


def _lamp(lamp: Lamp) -> list[str]:
    mistakes = [f"lamp.pins = {pin}: expected a pin, 0-27" for pin in lamp.pins if not 0 <= pin <= 27]
    if lamp.kind is LampKind.PINS and (len(lamp.pins) not in (1, 3) or len(set(lamp.pins)) != len(lamp.pins)):
        mistakes.append(f"lamp.pins = {list(lamp.pins)}: expected one pin, or three for red, green, blue")
    return mistakes


def _page(page: Page) -> list[str]:
    letters = sum(letter.isalnum() for letter in page.code)
    if page.code and letters < SHORTEST_CODE:
        return [f"page.code: {letters} letters and digits, expected {SHORTEST_CODE} at least"]
    return []


def _practice(practice: Practice) -> list[str]:
    mistakes = [f"practice.days = {day}: expected 1 (Monday) to 7" for day in practice.days if not 1 <= day <= 7]
    try:
        ZoneInfo(practice.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, as Europe
        mistakes.append(f"practice.time_zone = {practice.time_zone!r}: expected a zone such as Europe/Paris")
    return mistakes


def _counts(config: Config) -> list[str]:
    mistakes = []
    asked = len({*config.echo.extra_ports, *config.echo.expect_open})
    if asked > EXTRA_PORTS:
        mistakes.append(f"echo.extra_ports and expect_open: {asked} ports, {EXTRA_PORTS} at most together")
    if not 0 < config.capture.images_left_mb <= 1e6:
        mistakes.append(
            f"capture.images_left_mb = {config.capture.images_left_mb}: expected more than 0, 1e6 at most"
        )
    if not 0.1 <= config.store.batch_seconds <= 300:
        mistakes.append(f"store.batch_seconds = {config.store.batch_seconds}: expected 0.1 to 300")
    return mistakes


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Prefixes already checked by `parse`, as values."""
    return tuple(ip_network(text) for text in texts)
