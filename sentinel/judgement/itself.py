"""The sentinel's own address: whoever reaches it from outside reaches the page that names the machines.

So whatever else the port means, our own is red, with a sentence of its own: no forward, no DMZ and no missing
firewall may lead here, and nobody can declare or accept that one does. The IPv6 door test is the exception: that
port listens during a check, and is asked for.
"""

from dataclasses import replace

from sentinel.judgement.knocks import Heard
from sentinel.judgement.mappings import is_udp
from sentinel.model.exposure import Exposure
from sentinel.model.finding import Code, Finding, Level, StoryKind
from sentinel.model.moment import Address
from sentinel.model.networks import HomeNetwork
from sentinel.services import DOOR_TEST_PORT

VISIBLE = frozenset(
    {
        Code.DOOR_REACHABLE,
        Code.WEB_UNIDENTIFIED,
        Code.DOOR_ATTENTION,
        Code.STRANGER_CONNECTED,
        Code.MAPPING_OPENED,
    }
)
"""What would be told of the door if it were somebody else's. A scanner that was answered proves no more here than
anywhere; and who says that he speaks DICOM has been accepted by another program on this machine."""


class Itself:
    """Our own addresses, as the kernel told them last."""

    def __init__(self) -> None:
        self._addresses: frozenset[Address] = frozenset()
        self._macs: frozenset[str] = frozenset()
        self._box: tuple[Address, ...] = ()

    def adopt(self, home: HomeNetwork) -> None:
        """A kernel that was asked and told nothing has not taken our addresses away."""
        self._addresses = frozenset(home.addresses) or self._addresses
        self._macs = frozenset(home.macs) or self._macs
        self._box = home.networks.box or self._box

    def is_us(self, machine: Address | None, mac: str | None) -> bool:
        """Whether that is this very machine."""
        return machine in self._addresses or mac in self._macs

    def is_behind(self, exposure: Exposure, heard: Heard | None) -> bool:
        """Whether an open door leads to this very machine; over IPv6 the address knocked at says so."""
        machine, mac = (heard.machine, heard.mac) if heard else (exposure.address, None)
        return self.is_us(machine, mac)

    def is_named(self, machine: str) -> bool:
        """The same of a MAC or an address, as people name machines."""
        return machine in self._macs or machine in map(str, self._addresses)

    def told(self, finding: Finding) -> Finding:
        """A door of ours, told as what it is; every other finding as it came."""
        if finding.code not in VISIBLE or finding.ends or finding.port == DOOR_TEST_PORT:
            return finding
        if is_udp(finding.story):
            return finding  # the page is TCP
        if finding.source is not None and finding.source in self._box:
            return finding  # boxes look at the pages of the LAN themselves: whether it is more, the echo finds out
        about = finding.story.about if finding.story.kind is StoryKind.DOOR else ""
        named = self.is_us(finding.machine, finding.mac)
        if not named and not (finding.machine is None and about in map(str, self._addresses)):
            return finding
        return replace(finding, code=Code.SELF_VISIBLE, level=Level.ALARM)
