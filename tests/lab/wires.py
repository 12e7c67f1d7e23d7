"""Lays the cables of the plan: namespaces, network cards, addresses and routes, by pyroute2."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyroute2 import IPRoute, netns

from tests.lab import plan

NAMESPACES = Path("/run/netns")
NAME_SERVICE = Path("/etc/netns")

QUIET = {
    # Addresses are given, never guessed: no router advertisement, no waiting for duplicates.
    "ipv6/conf/{}/accept_ra": "0",
    "ipv6/conf/{}/accept_dad": "0",
    "ipv6/conf/{}/dad_transmits": "0",
    "ipv6/conf/{}/router_solicitations": "0",
}
ROUTING = {"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1"}
SILENT = {"ipv6/conf/{}/disable_ipv6": "1"}


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """The calling thread is in that namespace; a socket opened meanwhile stays there for life.

    Not by `pushns`: it makes the namespaces that do not exist, and returns to where the main thread is.

    Raises:
        FileNotFoundError: there is no such namespace.
    """
    with _opened(Path("/proc/thread-self/ns/net")) as home, _opened(NAMESPACES / namespace) as there:
        netns.setns(there)
        try:
            yield
        finally:
            netns.setns(home)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def links(namespace: str) -> Iterator[IPRoute]:
    """The network cards of that namespace.

    pyroute2's own `NetNS` starts a child process that leaves sockets to the collector, which pytest refuses.
    """
    with inside(namespace):
        route = IPRoute()
    with route:
        yield route


def index(route: IPRoute, name: str) -> int:
    """The number of that network card.

    Raises:
        LookupError: there is no card of that name.
    """
    found = route.link_lookup(ifname=name)
    if not found:
        raise LookupError(f"no network card {name!r}")
    return int(found[0])


def lay(*, one_nic: bool) -> None:
    """Raise every machine of the plan and plug it in."""
    for host in plan.HOSTS:
        _namespace(host)
    for cable in plan.CABLES if one_nic else (*plan.CABLES, plan.MIRROR_CABLE):
        _plug(cable)
    for host in plan.HOSTS:
        _configure(host, one_nic=one_nic)


def _namespace(host: str) -> None:
    # By the command, not by pyroute2: that one forks this very process, threads and all.
    subprocess.run(["ip", "netns", "add", plan.PREFIX + host], check=True)
    _name_service(plan.PREFIX + host)
    with inside(plan.PREFIX + host):
        _sysctl(QUIET, "default")
        if host in plan.ROUTERS:
            _sysctl(ROUTING)
        if host == "switch":
            _sysctl(SILENT, "default")


def _name_service(namespace: str) -> None:
    """A program started there knows the machines by name, and has no server to ask for any other.

    `ip netns exec` shows it these files in place of /etc/hosts and /etc/resolv.conf. Otherwise whoever looks
    up a caller's name, as storescp does, would wait ten seconds for the name server of our own computer.
    """
    folder = NAME_SERVICE / namespace
    folder.mkdir(parents=True)
    names = [
        f"{address} {host}.cabinet.invalid {host}"
        for host in plan.HOSTS
        for nic in plan.nics(host)
        for address in (*nic.v4, *nic.v6)
        if not nic.name.startswith("to-")
    ]
    (folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", "::1 localhost", *names, ""]))
    (folder / "resolv.conf").write_text("# nobody\n")


def _sysctl(settings: dict[str, str], card: str = "all") -> None:
    for key, value in settings.items():
        Path("/proc/sys/net", key.format(card)).write_text(value)


def _plug(cable: plan.Cable) -> None:
    upper, lower = cable.upper, cable.lower
    with links(plan.PREFIX + upper.host) as route:
        route.link(
            "add",
            kind="veth",
            index=cable.index,
            ifname=upper.name,
            address=upper.mac,
            peer={
                "ifname": lower.name,
                "address": lower.mac,
                "net_ns_fd": str(NAMESPACES / (plan.PREFIX + lower.host)),
            },
        )


def _configure(host: str, *, one_nic: bool) -> None:
    if not one_nic and host == "pi":
        _silence_the_mirror()
    with links(plan.PREFIX + host) as route:
        route.link("set", index=index(route, "lo"), state="up")
        if host == "switch":
            _bridge(route)
        for nic in plan.nics(host, one_nic=one_nic):
            _configure_nic(route, nic)
        for way in plan.ROUTES:
            if way.host == host:
                route.route("add", dst=str(way.to), gateway=str(way.gateway))
    if host != "switch":
        _true_frames(host, one_nic=one_nic)


def _silence_the_mirror() -> None:
    with inside(plan.PREFIX + "pi"):
        _sysctl(SILENT, plan.MIRROR_CABLE.lower.name)


def _bridge(route: IPRoute) -> None:
    # No spanning tree delay and no snooping: it forwards at once, and it is a switch of the cheapest kind.
    route.link("add", kind="bridge", ifname="br0", br_forward_delay=0, br_stp_state=0, br_mcast_snooping=0)
    for port in plan.SWITCH_PORTS:
        route.link("set", index=index(route, port), master=index(route, "br0"))
    route.link("set", index=index(route, "br0"), state="up")


def _configure_nic(route: IPRoute, nic: plan.Nic) -> None:
    card = index(route, nic.name)
    route.link("set", index=card, state="up")
    for address in reversed(nic.addresses):  # of two as good, IPv6 speaks from the one added last
        route.addr("add", index=card, address=str(address.ip), prefixlen=address.network.prefixlen)


def _true_frames(host: str, *, one_nic: bool) -> None:
    # Without this a mirror would copy segments of 64 KB without a checksum, which no wire ever carried.
    for nic in plan.nics(host, one_nic=one_nic):
        command = ["ethtool", "-K", nic.name, "tx", "off"]
        with inside(plan.PREFIX + host):
            subprocess.run(command, check=True, capture_output=True)
