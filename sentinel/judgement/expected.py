"""What somebody declared: doors that are accepted, for whom and until when, and the firewall behind the box."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

from sentinel.judgement.visits import Thresholds
from sentinel.model.acting import Acceptance
from sentinel.model.connection import Attempts, Connection
from sentinel.model.declared import View
from sentinel.model.moment import Address, Moment
from sentinel.model.networks import Network, is_part


def is_firewall(firewall: str, machine: Address | None, mac: str | None) -> bool:
    """Whether a machine is the practice's declared firewall, named by MAC or address; empty: there is none."""
    return bool(firewall) and firewall in (mac, str(machine))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One accepted door, as judgement uses it.

    Raises:
        ValueError: `until` carries no time zone.
    """

    machine: str
    """MAC, lower case, or IP address."""
    port: int
    source: Network | None
    """None: anybody."""
    until: datetime
    """From here on it holds no more."""
    window: bool = False
    """A maintenance window."""
    who: str = ""
    since: Moment | None = None
    """When it was accepted; None: nobody noted it."""

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise ValueError("an acceptance ends in some time zone")

    @classmethod
    def of(cls, acceptance: Acceptance) -> "Accepted":
        """What somebody accepted."""
        return cls(
            machine=acceptance.machine,
            port=acceptance.port,
            source=ip_network(acceptance.source) if acceptance.source else None,
            until=acceptance.until,
            window=acceptance.window,
            who=acceptance.who,
            since=acceptance.at,
        )

    def is_over(self, at: Moment) -> bool:
        """Whether its end has come."""
        return at.wall >= self.until

    def excuses(self, connection: Connection) -> bool:
        """Whether this connection was expected."""
        return (
            self.is_at(connection.target, connection.target_mac, connection.target_port)
            and (self.source is None or connection.source in self.source)
            and not self.is_over(connection.opened)
        )

    def excuses_all(self, more: Attempts) -> bool:
        """Whether every source a sum may stand for was expected."""
        return (
            self.is_at(more.target, more.target_mac, more.target_port)
            and (self.source is None or is_part(ip_network(more.source_network), self.source))
            and not self.is_over(more.last)
        )

    def is_at(self, machine: Address | None, mac: str | None, port: int) -> bool:
        """Whether it is about that inside port of that machine."""
        return port == self.port and self.machine in (mac, str(machine))

    def is_for_anybody(self) -> bool:
        """No source is named: as broad as the open door itself."""
        return self.source is None

    def accepts_door(self, machine: Address | None, mac: str | None, port: int, at: Moment) -> bool:
        """Whether an open door is accepted as such; one with a narrow source never is."""
        return self.source is None and self.is_at(machine, mac, port) and not self.is_over(at)

    def outlasts(self, other: "Accepted") -> bool:
        """Whether it excuses all that the other does, for longer."""
        same = (self.machine, self.port) == (other.machine, other.port) and self.until > other.until
        covers = self.source is None or (other.source is not None and is_part(other.source, self.source))
        return same and covers and not self.window


def always(_: datetime) -> bool:
    """Where nobody has said when the practice is open."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was declared: the configuration's part of judgement."""

    view: View = View.MIRROR
    accepted: tuple[Accepted, ...] = ()
    known: tuple[Network, ...] = ()
    """Private networks that may connect."""
    expect_open: frozenset[int] = frozenset()
    """Public ports declared open."""
    firewall: str = ""
    """MAC, lower case, or address of the firewall to which the box may send everything."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    is_open: Callable[[datetime], bool] = always
    """Whether somebody is at the practice: opening hours, and no holiday."""
