"""The internet box of the cabinet: masquerade, port forwards, a DMZ, and a firewall for IPv6, all by nft.

Its rules are its only memory, so that any process can read and change them.
"""

import json
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from tests.lab import plan, wires
from tests.lab.host import Host

RULES = """
table inet box {
  set outside { type ipv4_addr; }
  map forwards { type inet_service : ipv4_addr . inet_service; }
  chain dmz { }
  chain closed { }
  chain ipv6_door { }
  chain disguise { }

  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip daddr @outside dnat ip to tcp dport map @forwards
    iifname wan0 ip daddr @outside meta l4proto { tcp, udp } jump dmz
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname wan0 meta nfproto ipv4 masquerade
    # From the LAN to its own public address and back, as the usual boxes do.
    iifname lan0 oifname lan0 ct status dnat masquerade
    iifname wan0 oifname lan0 jump disguise
  }
  chain input {
    type filter hook input priority filter;
    iifname != wan0 accept
    ct state established,related accept
    meta l4proto { icmp, ipv6-icmp } accept
    jump closed
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname { lan0, vpn0 } accept
    ct status dnat accept
    meta nfproto ipv6 jump ipv6_door
    jump closed
  }
}
"""
REFUSE = ("meta l4proto tcp reject with tcp reset", "reject with icmpx port-unreachable")


class Box(Host):
    """The ISP's router, between the internet, the LAN and the private network of the VPN."""

    @property
    def nic(self) -> plan.Nic:
        """The card towards the LAN: whose hardware address the LAN knows."""
        return plan.nic("box", "lan0")

    @property
    def lan_v4(self) -> IPv4Address:
        """Its address in the LAN: the gateway."""
        return self.nic.v4[0]

    @property
    def v4(self) -> IPv4Address:
        """The public address of the cabinet, as it is now."""
        return IPv4Address(self._elements("set", "outside")[0])

    @property
    def v6(self) -> IPv6Address:
        """Its own address on the outside; the machines of the LAN have theirs."""
        return plan.nic("box", "wan0").v6[0]

    def install(self) -> None:
        """Lay down the rules of a box fresh from the shop: everything closed, refusing."""
        outside = plan.nic("box", "wan0").v4[0]
        self._nft(f"{RULES}\nadd element inet box outside {{ {outside} }}")
        self.box_drops(False)

    def forward(self, outside_port: int, inside_port: int | None = None, host: Host | None = None) -> None:
        """Forward a TCP port of the public address to a machine, by default the imaging server.

        The inside port is the same unless it is given. A forward that was there for that port is replaced.
        """
        target = (host or Host("imaging")).v4
        element = f"{outside_port} : {target} . {inside_port or outside_port}"
        replaced = f"delete element inet box forwards {{ {outside_port} }}\n"
        known = outside_port in self.forwards()
        self._nft(f"{replaced if known else ''}add element inet box forwards {{ {element} }}")

    def unforward(self, outside_port: int | None = None) -> None:
        """Take back one forward, or all of them; what is already connected stays, as with a real box."""
        if outside_port is None:
            self._nft("flush map inet box forwards")
        elif outside_port in self.forwards():
            self._nft(f"delete element inet box forwards {{ {outside_port} }}")

    def forwards(self) -> dict[int, tuple[IPv4Address, int]]:
        """The outside ports, each with the machine and port it leads to."""
        rows = self._elements("map", "forwards")
        return {port: (IPv4Address(to["concat"][0]), to["concat"][1]) for port, to in rows}

    def dmz(self, host: Host | None) -> None:
        """Hand everything that is not forwarded to one machine, or to nobody again."""
        self._refill("dmz", *([f"dnat ip to {host.v4}"] if host else []))

    def open_ipv6(self) -> None:
        """Let anyone in to the global addresses of the LAN."""
        self._refill("ipv6_door", "accept")

    def close_ipv6(self) -> None:
        """Let in over IPv6 only the answers to what the LAN asked: how it was bought."""
        self._refill("ipv6_door")

    def box_drops(self, drops: bool) -> None:
        """Stay silent on closed ports, or refuse them (how it was bought)."""
        self._refill("closed", *(("drop",) if drops else REFUSE))

    def hide_sources(self, on: bool) -> None:
        """Show every stranger to the LAN under the box's own LAN address, as some boxes do."""
        self._refill("disguise", *(("masquerade",) if on else ()))

    def new_address(self, address: IPv4Address) -> None:
        """Receive another public address, of the same /24, as after a night's reconnection."""
        old = self.v4
        with wires.links(self.name) as route:
            card = wires.index(route, "wan0")
            route.addr("del", index=card, address=str(old), prefixlen=plan.WAN4.prefixlen)
            route.addr("add", index=card, address=str(address), prefixlen=plan.WAN4.prefixlen)
            # The default route went with the address.
            route.route("add", dst="default", gateway=str(plan.nic("internet", "to-box").v4[0]))
        self._nft(f"flush set inet box outside\nadd element inet box outside {{ {address} }}")

    def forget(self, host: Host) -> None:
        """Forget where that machine was, as after a night: the next packet asks again by ARP or NDP."""
        for address in (host.v4, host.v6):
            self.run(["ip", f"-{address.version}", "neighbour", "flush", "to", str(address)])

    def _refill(self, chain: str, *rules: str) -> None:
        added = [f"add rule inet box {chain} {rule}" for rule in rules]
        self._nft("\n".join([f"flush chain inet box {chain}", *added]))

    def _nft(self, script: str) -> None:
        """In one transaction: there is no moment with half of it."""
        self.run(["nft", "-f", "-"], stdin=script)

    def _elements(self, kind: str, name: str) -> list[Any]:
        listed = json.loads(self.run(["nft", "-j", "list", kind, "inet", "box", name]).stdout)
        return next(entry[kind] for entry in listed["nftables"] if kind in entry).get("elem", [])
