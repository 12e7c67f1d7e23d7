"""What somebody declared: doors that are accepted, for whom and until when, and the firewall behind the box."""

from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_network

from sentinel.judgement.visits import Thresholds
from sentinel.model.connection import Attempts, Connection
from sentinel.model.moment import Address
from sentinel.model.networks import Network, is_part
from sentinel.model.verdict import View


def is_firewall(firewall: str, machine: Address | None, mac: str | None) -> bool:
    """Whether a machine is the practice's declared firewall, named by MAC or address; empty: there is none."""
    return bool(firewall) and firewall in (mac, str(machine))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One accepted door, as judgement uses it."""

    machine: str
    """MAC, lower case, or IP address."""
    port: int
    source: Network | None
    """None: anybody."""
    until: date

    def excuses(self, connection: Connection) -> bool:
        """Whether this connection was expected."""
        return (
            self.port == connection.target_port
            and self.machine in (connection.target_mac, str(connection.target))
            and (self.source is None or connection.source in self.source)
            and connection.opened.wall.date() <= self.until
        )

    def excuses_all(self, more: Attempts) -> bool:
        """Whether every source a sum may stand for was expected."""
        return (
            self.port == more.target_port
            and self.machine in (more.target_mac, str(more.target))
            and (self.source is None or is_part(ip_network(more.source_network), self.source))
            and more.last.wall.date() <= self.until
        )

    def is_for_anybody(self) -> bool:
        """No source is named: as broad as the open door itself."""
        return self.source is None

    def accepts_door(self, machine: Address | None, mac: str | None, port: int, today: date) -> bool:
        """Whether an open door is accepted as such; one with a narrow source never is."""
        return (
            self.source is None
            and port == self.port
            and self.machine in (mac, str(machine))
            and today <= self.until
        )


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
