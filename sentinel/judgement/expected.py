"""Doors somebody accepted, for whom and until when."""

from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network

from sentinel.model.connection import Attempts, Connection
from sentinel.model.moment import Address
from sentinel.model.networks import Network, is_part


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
