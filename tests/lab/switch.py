"""The switch of the cabinet: a bridge whose port to the box is copied, both ways, to the Pi."""

from typing import Literal

from tests.lab import plan, wires
from tests.lab.box import Box
from tests.lab.host import Host

WATCHED = "to-box"
Direction = Literal["ingress", "egress"]


class Switch(Host):
    """The switch; its ports are its only memory."""

    @property
    def nic(self) -> plan.Nic:
        """Its port to the box: it has no address of its own."""
        return plan.nic("switch", WATCHED)

    @property
    def mirror_port(self) -> str:
        """Where the copies go: a port of its own, or the Pi's only one."""
        with wires.links(self.name) as route:
            return plan.MIRROR_PORT if route.link_lookup(ifname=plan.MIRROR_PORT) else "to-pi"

    def mirror(self, on: bool, *directions: Direction) -> None:
        """Copy the box's port, or do not.

        Both ways, unless it is only what comes from the box (`ingress`) or what goes to it (`egress`).
        """
        self._watch(WATCHED, on, directions or ("ingress", "egress"))

    def mirror_port_of(self, host: Host, on: bool) -> None:
        """Copy that machine's port too, both ways; a frame that passes two watched ports is copied twice."""
        self._watch(f"to-{host.role}", on, ("ingress", "egress"))

    def _watch(self, port: str, on: bool, directions: tuple[Direction, ...]) -> None:
        # Fails harmlessly where none is; the filters go with it.
        self.run(["tc", "qdisc", "del", "dev", port, "clsact"], check=False)
        if on:
            self.run(["tc", "-batch", "-"], stdin=self._copies(port, directions))

    def carrier(self, on: bool) -> None:
        """Plug the mirror cable in, or out: the Pi's card loses its link."""
        self._port(self.mirror_port, on)

    def switch_off(self, host: Host) -> None:
        """Cut that machine from the network, long enough ago that the box has forgotten it.

        Then a stranger who is forwarded to it hears "host unreachable", after the box asked by ARP for 3 s.
        """
        self._port(f"to-{host.role}", on=False)
        Box("box").forget(host)

    def switch_on(self, host: Host) -> None:
        """Plug that machine in again."""
        self._port(f"to-{host.role}", on=True)

    def _port(self, port: str, on: bool) -> None:
        with wires.links(self.name) as route:
            route.link("set", index=wires.index(route, port), state="up" if on else "down")

    def _copies(self, port: str, directions: tuple[Direction, ...]) -> str:
        # u32 with an empty match, since some kernels are built without `matchall`.
        rule = f"protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev {self.mirror_port}"
        filters = [f"filter add dev {port} {direction} {rule}" for direction in directions]
        return "\n".join([f"qdisc add dev {port} clsact", *filters, ""])
