"""The sections of `sentinel.toml`: one frozen dataclass each, whose defaults are the documentation."""

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from sentinel.model.declared import Identify, View

ALL_PORTS = (0, 65_535)
SHORTEST_CODE = 4
FRIDAY = 5
"""Of the days, 1 = Monday: from here to Sunday no acceptance ends."""


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
    BOARD = "board"
    """The board's own activity LED: nothing to wire."""
    PINS = "pins"
    """LEDs on the board's header: a single one, or red, green and blue in one case."""
    TRAFFIC = "traffic"
    """Three lamps one above the other on the board's header: red, yellow, green."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """Who it is for, and who is called when the lamp is not green."""

    name: str = ""
    practitioner: str = ""
    """Who answers for the patients' data (the controller of GDPR art. 4)."""
    contact: str = ""
    """The person to call: a name, not a role."""
    phone: str = ""
    substitute: str = ""
    """Whom to call while the practice is on holiday, or the contact does not answer."""
    substitute_phone: str = ""
    opens: time = time(8, 0)
    closes: time = time(19, 0)
    days: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Opening days, 1 = Monday."""
    holidays: tuple[str, ...] = ()
    """Closed from and to, both included, each as "2026-12-24/2027-01-03"."""
    time_zone: str = "Europe/Paris"

    def is_on_holiday(self, day: date) -> bool:
        """Whether the practice is closed for more than a week-end."""
        bounds = [each.split("/") for each in self.holidays]
        return any(date.fromisoformat(first) <= day <= date.fromisoformat(last) for first, last in bounds)

    def to_call(self, day: date) -> tuple[str, str]:
        """Name and phone of the person to call: the contact, or on a holiday the substitute where there is one."""
        away = self.is_on_holiday(day) and (self.substitute or self.substitute_phone)
        return (self.substitute, self.substitute_phone) if away else (self.contact, self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where frames come from and what belongs to the practice."""

    interface: str = ""
    """The network card on the mirror port, by its name or its MAC address; empty: the one of the default route.

    Two cards may change names between two starts; their addresses stay.
    """
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
    names: bool = True
    """Ask the name service whether a visitor of an open door is a known research scanner."""
    images_left_mb: float = 1.0
    """More than this towards an outsider after a DICOM association: images left. Megabytes."""
    user: str = ""
    """The user `listen` runs as, where it is not the sentinel's own; it may bring facts, and nothing else."""


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
    """Public ports to ask about beyond the list; with the declared ones 15 at most.

    Less our own ports where the page is not on loopback: those are always asked about (`sentinel.ownports`).
    """
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
    """BCM numbers: one for a single LED, three for red, green, blue; of a traffic light: red, yellow, green."""
    button: int = 0
    """BCM number of the push button, which closes its pin to ground; 0 (an EEPROM's pin on every board): none."""
    chip: str = ""
    """Label of the GPIO chip, as the kernel gives it; empty: the one of the board's header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The local page."""

    host: str = "127.0.0.1"
    port: int = 8080
    language: Language = Language.FR
    code: str = ""
    """Claims the sentinel, once; empty: made at first start and written to CODE-SENTINELLE.txt."""
    https_port: int = 0
    """The page behind the password, with the device's own certificate; 0: none, all is on `port` (a laptop)."""
    page_from: tuple[str, ...] = ()
    """Networks beyond the practice's own that may read the page, such as the technician's VPN."""
    user: str = ""
    """The user the page runs as, where it is not the sentinel's own; it may ask, each act with a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where rows are kept."""

    batch_seconds: float = 5.0
    """Routine rows wait this long for one common write; 180 spares a memory card. Incidents never wait."""
    months: int = 6
    """How long the network log is kept, 1 to 12; the register is kept apart, and longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Who is told, and how: addresses as Apprise writes them, `mailtos://…`, `ntfys://…`, `json://…`."""

    practice: tuple[str, ...] = ()
    """Short and plain, for the practitioner."""
    technician: tuple[str, ...] = ()
    """In full detail, for whoever looks after the network."""
    drill: bool = True
    """An exercise each month."""
    drill_weekday: int = 2
    """Its day, 1 = Monday: the first such day of the month."""
    drill_at: time = time(13, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """New versions of the card's system: signed, tried, and taken back by themselves where they do not work."""

    source: str = ""
    """`https://…` of a folder that holds `latest.json`; empty: nobody is asked."""
    automatic: bool = False
    """Security updates are installed at night; ticked by a person, in the first hour or later."""
    opens: time = time(2, 0)
    """From when at night, in the practice's time zone."""
    closes: time = time(5, 0)
    """Until when one may begin."""


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
    notices: Notices = field(default_factory=Notices)
    store: Store = field(default_factory=Store)
    update: Update = field(default_factory=Update)


SECTIONS: dict[str, type] = {
    "practice": Practice,
    "capture": Capture,
    "echo": Echo,
    "lamp": Lamp,
    "page": Page,
    "notices": Notices,
    "store": Store,
    "update": Update,
}
"""Every section that is one table."""
