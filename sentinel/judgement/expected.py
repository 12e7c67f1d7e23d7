"""Doors somebody accepted, for whom and until when."""

from dataclasses import dataclass
from datetime import date

from sentinel.model.connection import Connection
from sentinel.model.moment import Address
from sentinel.model.networks import Network


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
