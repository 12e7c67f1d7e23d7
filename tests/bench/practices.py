"""A thousand practices behind one cable: what each of their doors does, and the program that answers for them.

An address of 25.2.0.0/16 is a practice. A quarter of the known ports answers at each, another one at each of four
groups of them; half of those are open, half refuse. Everything else is dropped: three doors of four.
"""

import selectors
import socket
import sys
from ipaddress import IPv4Address, IPv4Network

from sentinel.model.exposure import Reach
from sentinel.services import known_ports

ECHO_ADDRESS = "25.3.0.1"
NETWORK = IPv4Network("25.2.0.0/16")
DECOYS_FROM = 30_000
GROUPS = 4
PORTS = known_ports()


def address(number: int) -> IPv4Address:
    """Practices are spread over the /24s, as they are in the world."""
    return NETWORK[(number % 250) * 256 + 10 + number // 250]


def group(practice: IPv4Address) -> int:
    """Which quarter of the ports answers there."""
    return int(practice) % GROUPS


def truth(practice: IPv4Address, port: int) -> Reach:
    """What a knock there must meet."""
    if port not in PORTS:
        return Reach.CLOSED if group(practice) == 0 else Reach.FILTERED
    index = PORTS.index(port)
    if index % GROUPS != group(practice):
        return Reach.FILTERED
    return Reach.OPEN if port in open_ports() else Reach.CLOSED


def open_ports() -> tuple[int, ...]:
    """Where somebody listens."""
    return tuple(port for index, port in enumerate(PORTS) if index // GROUPS % 2 == 0)


def rules() -> str:
    """For nft: what is dropped."""
    lines, known = [], ", ".join(map(str, PORTS))
    for number in range(GROUPS):
        answering = {port for index, port in enumerate(PORTS) if index % GROUPS == number}
        dropped = ", ".join(str(port) for port in PORTS if port not in answering)
        where = f"ip daddr & 0.0.0.{GROUPS - 1} == 0.0.0.{number} tcp flags & (syn | ack) == syn"
        lines.append(f"    {where} tcp dport {{ {dropped} }} drop")
        if number:
            lines.append(f"    {where} tcp dport >= {DECOYS_FROM} tcp dport != {{ {known} }} drop")
    body = "\n".join(lines)
    hook = "type filter hook input priority filter; policy accept;"
    return f"table ip practices {{\n  chain in {{\n    {hook}\n{body}\n  }}\n}}\n"


def main() -> None:
    """Let everybody in and out again, at every door and every address, until ended; says when it is ready."""
    doors = selectors.DefaultSelector()
    for port in open_ports():
        door = socket.create_server(("0.0.0.0", port), backlog=4096)
        door.setblocking(False)
        doors.register(door, selectors.EVENT_READ)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        for key, _ in doors.select():
            served, _ = key.fileobj.accept()
            served.close()


if __name__ == "__main__":
    main()
