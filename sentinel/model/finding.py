"""What a rule concludes from one fact, and the story it belongs to."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from sentinel.model.exposure import Nature
from sentinel.model.moment import Address, Moment


class Level(IntEnum):
    """How much a finding matters to people; the verdict is the highest that applies, in this order."""

    NOTE = 0
    """Worth a line on the page, never a colour."""
    CALM = 1
    ATTENTION = 2
    UNSURE = 3
    ALARM = 4

    @property
    def word(self) -> str:
        """The level in lower case, as it is written on the wire and in the catalogues."""
        return self.name.lower()


class Grade(IntEnum):
    """The ladder of evidence: what is proved to have happened at one door.

    ANSWERED is one rung more than the design names. An inside machine sent a SYN-ACK to a stranger
    who never finished the handshake: more than a refusal, since the door is open, and less than
    `reachable`, since no knock of ours proved it. It is worth attention and an immediate check, never red.
    """

    SCANNED = 1
    REFUSED = 2
    ANSWERED = 3
    REACHABLE = 4
    CONNECTED = 5
    ASSOCIATED = 6
    QUERIED = 7
    IMAGES_LEFT = 8

    @property
    def word(self) -> str:
        """The grade in lower case, as it is written on the wire and in the catalogues."""
        return self.name.lower()


class Code(StrEnum):
    """One kind of finding; each has its sentence and its gesture in both languages."""

    # strangers at a door
    SCANNED = "scanned"
    REFUSED = "refused"
    DOOR_ANSWERED = "door_answered"
    DOOR_REACHABLE = "door_reachable"
    STRANGER_CONNECTED = "stranger_connected"
    STRANGER_ASSOCIATED = "stranger_associated"
    STRANGER_QUERIED = "stranger_queried"
    IMAGES_LEFT = "images_left"
    # doors seen from outside
    WEB_UNIDENTIFIED = "web_unidentified"
    DOOR_ATTENTION = "door_attention"
    DOOR_DORMANT = "door_dormant"
    MACHINE_PROBABLE = "machine_probable"
    DOOR_CLOSED = "door_closed"
    BOX_ANSWERS = "box_answers"
    OPEN_ALL = "open_all"
    ALL_FORWARDED = "all_forwarded"
    SERVICE_GONE = "service_gone"
    IPV6_LETS_IN = "ipv6_lets_in"
    SELF_VISIBLE = "self_visible"
    # what the box says of itself
    MAPPING_OPENED = "mapping_opened"
    UPNP_OFFERED = "upnp_offered"
    BOX_CHANGED = "box_changed"
    BACKUP_LINE = "backup_line"
    ADDRESS_CHANGED = "address_changed"
    # weak points inside
    DICOM_IN_CLEAR = "dicom_in_clear"
    NOT_WATCHED = "not_watched"
    # other networks
    PRIVATE_NETWORK = "private_network"
    EXPECTED_BROAD = "expected_broad"
    # what people do
    DOOR_ACCEPTED = "door_accepted"
    EXCEPTION_ENDS = "exception_ends"
    ACCEPTANCE_OVER = "acceptance_over"
    WINDOW_OVER = "window_over"
    UNPLUGGED = "unplugged"
    RULE_REMOVED = "rule_removed"
    SERVICE_STOPPED = "service_stopped"
    MEASURE_TAKEN = "measure_taken"
    FALSE_ALARM = "false_alarm"
    # the sentinel does not know
    STARTING = "starting"
    NO_ECHO = "no_echo"
    NOT_CHECKED = "not_checked"
    CHECK_AGEING = "check_ageing"
    CHECK_TROUBLED = "check_troubled"
    ADDRESS_DOUBTFUL = "address_doubtful"
    BOX_HIDES = "box_hides"
    ECHO_CONTRADICTED = "echo_contradicted"
    VIEW_LOST = "view_lost"
    VIEW_UNPROVED = "view_unproved"
    VIEW_WRAPPED = "view_wrapped"
    CAPTURE_LOST = "capture_lost"
    CAPTURE_INCOMPLETE = "capture_incomplete"
    STORE_FAILING = "store_failing"
    STORE_SLOW = "store_slow"
    DISK_FULL = "disk_full"
    CLOCK_WRONG = "clock_wrong"
    LAMP_FAILING = "lamp_failing"
    WEAK_ASSURANCE = "weak_assurance"
    ALARM_READ = "alarm_read"
    # nothing is wrong, and somebody should look all the same
    DRILL = "drill"


class StoryKind(StrEnum):
    """What an incident is about."""

    DOOR = "door"
    """One inside machine and port, or one public port while its machine is unknown."""
    VISITS = "visits"
    """Knocks at one machine that came to nothing."""
    SERVICE = "service"
    """A service that stopped when it was asked what it is."""
    NETWORK = "network"
    """One private network that is not the practice's own."""
    CONDITION = "condition"
    """A part of the sentinel that does not know or does not work."""
    WEAK_POINT = "weak_point"
    """Something of one machine that nobody has used yet, as far as we saw."""
    MAPPING = "mapping"
    """One inside machine and port that the box says it forwards."""
    DRILL = "drill"
    """An exercise: nothing is open. It is no door, and no clock runs from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What makes two findings the same incident."""

    kind: StoryKind
    about: str
    """Machine (MAC when known, else address), network or code."""
    port: int = 0
    """Inside port of a door or mapping; the public one while the machine is unknown; 0 otherwise."""
    family: int = 0
    """4 or 6 for a door: closing one of them says nothing of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One conclusion. Pure: it carries the time and the proof, and touches nothing."""

    code: Code
    story: Story
    level: Level
    at: Moment
    asked: Moment | None = None
    """When the knocks that prove it were announced, where it was asked for: a report comes after its knocks."""
    grade: Grade | None = None
    ends: bool = False
    """The story is over: the door is proved closed, the part works again."""
    source: Address | None = None
    machine: Address | None = None
    mac: str | None = None
    port: int | None = None
    """Inside port."""
    outside_port: int | None = None
    calling: str | None = None
    """Calling AE title."""
    count: int = 1
    """How many new connections or knocks this finding stands for; 0 when it repeats a known one."""
    bytes_out: int = 0
    """Bytes towards the visitor that no finding has told before."""
    nature: Nature | None = None
    """What the door leads to, where it was recognised."""
    asks_nobody: bool = False
    """The echo's own association was accepted there, or a page answered it without asking who it is."""
    installation: bool = False
    """It was so when the sentinel came: nobody knows since when."""
    who: str | None = None
    """Who had accepted the door, where a finding is about that."""
    connection: int | None = None
    """Serial of the connection that proves it, in the current run of `listen`."""

    @property
    def is_visit(self) -> bool:
        """Somebody came and was seen inside; who they were whom a sum from everywhere counts, nobody can say."""
        return self.source is not None or self.grade not in (None, Grade.REACHABLE)
