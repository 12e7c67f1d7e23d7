"""How a machine is looked at: from its LAN, with the rights of its programs, and for traces of what was there."""

import re
import shlex

from tests.ansible.machine import HOME, Machine

PAGE = """
import functools, socket, ssl, sys, urllib.request
url, source = sys.argv[1:]
from_there = {"source_address": (source, 0)} if source else {}
connect = socket.create_connection
socket.create_connection = lambda to, *_, **__: connect(to, 3, **from_there)
try:
    with urllib.request.urlopen(url, context=ssl._create_unverified_context()) as page:
        print(page.status, page.read().decode())
except OSError as error:
    print(error)
"""
NAME = """
import socket, sys
own, *parts = sys.argv[1:]
name = b"".join(bytes([len(part)]) + part.encode() for part in (*parts, ""))
question = bytes.fromhex("000000000001000000000000") + name + bytes.fromhex("00010001")  # RFC 1035: one A, IN
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
    line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
    line.bind((own, 0))
    line.settimeout(2)
    for _ in range(5):
        line.sendto(question, ("224.0.0.251", 5353))
        try:
            print(socket.inet_ntoa(line.recv(1500)[-4:]))
            break
        except TimeoutError:
            pass
"""
KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
    print("open")
except OSError as error:
    print(error)
"""
FOLDERS = "/boot /etc /opt /root /run /srv /tmp /usr /var"


def page(machine: Machine, url: str, source: str = "") -> str:
    """What a browser of the LAN gets, from this address of it; or why it gets nothing."""
    return machine.lan.python(PAGE, url, source)


def address(machine: Machine, asked_from: str, name: str) -> str:
    """What a computer of the LAN is told of a name, when it asks everybody (mDNS)."""
    return machine.lan.python(NAME, asked_from, *name.split(".")).strip()


def door(machine: Machine, port: int, where: str = HOME) -> str:
    """Whether a port is open to the LAN; or how it answers."""
    return machine.lan.python(KNOCK, where, str(port)).strip()


def settled(machine: Machine) -> str:
    """systemd's word on the machine and every unit that failed, once nothing is starting any more."""
    state = "systemctl is-system-running"
    machine.until(lambda: machine.run(state, check=False).strip() != "starting")
    return machine.run(f"{state}; systemctl --failed --plain --no-legend", check=False)


def exposure(machine: Machine, unit: str, options: str = "") -> float:
    """systemd's count of what a hole in a unit would open: 10 is everything."""
    said = machine.run(f"systemd-analyze security --no-pager {options} {unit}.service")
    score = float(re.findall(r"exposure level for \S+: ([\d.]+)", said)[0])
    print(f"{unit}: {score}")
    return score


def inside(machine: Machine, program: str, command: str) -> str:
    """What a program could do: a command as its user, in its own view of the file system."""
    user = f"sentinel-{program}"
    view = f"nsenter --mount --target={machine.pid(f'{user}.service')}"
    nothing = "--inh-caps=-all --bounding-set=-all --no-new-privs"
    drop = f"setpriv --reuid={user} --regid={user} --init-groups {nothing}"
    return machine.run(f"{view} {drop} sh -c {shlex.quote(command)} 2>&1", check=False)


def traces(machine: Machine) -> str:
    """Whatever bears the name of the sentinel or speaks of it, and its users and groups."""
    named = f"find {FOLDERS} -xdev -name '*sentinel*' ! -path '/var/log/*' ! -path '/run/systemd/*'"
    spoken = "grep -rlI sentinel /etc /usr/lib/systemd /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/lib/udev"
    known = "grep -hE 'sentinel|gpio' /etc/passwd /etc/group"
    return machine.run(f"({named}; {spoken} | grep -v -e '-$'; {known}) | sort")


def tables(machine: Machine) -> list[str]:
    """Of nftables, whoever made them."""
    return machine.run("nft list tables").splitlines()


def comes_back(machine: Machine, unit: str, signal: str, within: float = 60) -> None:
    """Send its main process a signal, and wait until another one does its work."""
    before = machine.pid(unit)
    machine.run(f"kill -{signal} {before}")
    machine.until(lambda: machine.pid(unit) not in (0, before) and machine.is_active(unit), within)
