"""One card in one emulated board. Everything waits for what it is about, until a deadline; nothing sleeps."""

import base64
import contextlib
import json
import re
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.image.firmware import Started, start

BOOTS_WITHIN = 420.0
"""Seconds from power to the last unit; 80 on a quiet machine of two cores."""
SHELL = """\
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'until p=$$(ls /dev/vport*p1); do sleep 1; done; exec <>$$p >&0; echo "<shell>";\
exec sh'
Environment=HOME=/root
"""
"""A root shell on a wire of its own: nothing of it is in the image, it comes by the kernel's command line."""


def free_port() -> int:
    """A port of the loopback nobody has."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def unit(name: str, text: str) -> str:
    """Words for the kernel's command line that give this boot one more unit, and start it."""
    content = base64.b64encode(text.encode()).decode()
    return f"systemd.set_credential_binary=systemd.extra-unit.{name}:{content} systemd.wants={name}"


def until(happened: Callable[[], bool], within: float) -> None:
    """Ask again and again until it is so; an answer that does not come is a no.

    Raises:
        TimeoutError: it never was.
    """
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if happened():
                return
        time.sleep(0.25)
    raise TimeoutError(f"it was not so within {within:.0f} s")


class Heard:
    """What comes out of a pipe or socket, kept; several may wait for words in it."""

    def __init__(self, read: Any, before: str = "") -> None:
        self.text = before
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._collect, args=[read], daemon=True).start()

    def _collect(self, read: Any) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := read(65536):
                with self._changed:
                    self.text += chunk.decode(errors="replace")
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, pattern: str, within: float, since: int = 0) -> re.Match[str]:
        """The first match after character `since`.

        Raises:
            TimeoutError: with the last words, when time is up or nothing more can come.
        """
        with self._changed:
            self._changed.wait_for(lambda: re.search(pattern, self.text[since:]) or self._ended, within)
            if found := re.search(pattern, self.text[since:]):
                return found
        raise TimeoutError(f"{pattern!r} was not heard within {within:.0f} s, but:\n{self.text[-4000:]}")


class Guest:
    """A machine that is on. Leaving the context pulls its plug."""

    def __init__(
        self,
        card: Path,
        room: Path,
        *,
        units: Mapping[str, str] | None = None,
        append: str = "",
        instant: str = "",
    ) -> None:
        """Power on; `instant` names a snapshot to go on from instead."""
        self.card, self.room = card, room
        room.mkdir(parents=True, exist_ok=True)
        self.http, self.https, self.ssh_port = free_port(), free_port(), free_port()
        self.began = time.monotonic()
        self.started = start(card, room)
        words = [self.started.cmdline.replace("console=ttyS1,115200", "console=ttyAMA0"), append]
        words += [unit(name, text) for name, text in {"test-shell.service": SHELL, **(units or {})}.items()]
        cmdline = " ".join(filter(None, words))
        assert len(cmdline) < 2048, "the arm64 kernel cuts its command line at 2048"
        self._mirror = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._mirror.bind(str(room / "switch"))
        self._qemu = subprocess.Popen(
            [*self._board(self.started), "-append", cmdline, *(("-loadvm", instant) if instant else ())],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.console = Heard(self._qemu.stdout.read)
        self._monitor = self._connected("monitor")
        self._monitor_says = Heard(self._monitor.recv)
        self.control("qmp_capabilities")
        self._wire = self._connected("shell")
        self._answers = Heard(self._wire.recv, "<shell>" if instant else "")  # it said so before the snapshot
        self._asked = 0
        self.sent = Heard(self._mirror.recv)
        """What the card on the mirror port said; a switch would not carry it further."""

    def _board(self, what: Started) -> list[str]:
        forwards = "".join(
            f",hostfwd=tcp:127.0.0.1:{host}-:{inside}"
            for host, inside in ((self.http, 80), (self.https, 443), (self.ssh_port, 22))
        )
        return [
            *(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "nice",
                "-n",
                "10",
                "qemu-system-aarch64",
                "-M",
                "virt",
                "-cpu",
                "cortex-a72",
                "-smp",
                "2",
                "-m",
                "1024",
            ),
            *("-accel", "tcg,thread=multi", "-display", "none", "-no-reboot", "-serial", "stdio"),
            *("-kernel", str(what.kernel), "-initrd", str(what.initrd)),
            *("-qmp", f"unix:{self.room}/monitor,server=on,wait=off"),
            *("-drive", f"if=none,id=card,file={self.card},format=qcow2,cache=writethrough"),
            *("-device", "virtio-blk-pci,drive=card", "-device", "virtio-rng-pci"),
            *(
                "-netdev",
                f"user,id=lan,restrict=on,ipv6=off{forwards}",
                "-device",
                "virtio-net-pci,netdev=lan,romfile=",
            ),
            "-netdev",
            f"dgram,id=mirror,local.type=unix,local.path={self.room}/port,"
            f"remote.type=unix,remote.path={self.room}/switch",
            *("-device", "virtio-net-pci,netdev=mirror,romfile="),
            *("-chardev", f"socket,id=shell,path={self.room}/shell,server=on,wait=off"),
            *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=shell,nr=1"),
        ]

    def _connected(self, name: str) -> socket.socket:
        """QEMU listens a moment after it began."""
        way = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for _ in range(200):
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                way.connect(str(self.room / name))
                return way
            assert self._qemu.poll() is None, self.console.text
            time.sleep(0.05)
        raise TimeoutError(f"QEMU never listened on {name}: {self.console.text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.cut()
        for way in (self._monitor, self._wire, self._mirror):
            way.close()

    @property
    def age(self) -> float:
        """Seconds since power on."""
        return time.monotonic() - self.began

    def cut(self) -> None:
        """The plug is pulled."""
        self._qemu.kill()
        self._qemu.wait(30)
        for name in ("switch", "port", "monitor", "shell"):
            (self.room / name).unlink(missing_ok=True)

    def ended(self, within: float) -> None:
        """Wait until the machine has switched itself off, or wants to boot again."""
        self._qemu.wait(within)

    def control(self, command: str, **arguments: Any) -> None:
        """One order to QEMU itself, until it is done."""
        since = len(self._monitor_says.text)
        self._monitor.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        answer = self._monitor_says.wait(r'\{"(return|error)".*\}', 60, since)
        assert answer[1] == "return", answer[0]

    def snapshot(self, verb: str, name: str) -> None:
        """`savevm` or `loadvm`."""
        self.control("human-monitor-command", **{"command-line": f"{verb} {name}"})

    def ready(self, within: float = BOOTS_WITHIN) -> str:
        """What systemd says once every unit has had its turn: `running`, or `degraded` with some unit failed."""
        return self.run("systemctl is-system-running --wait", within=within, check=False).strip()

    def run(self, command: str, within: float = 60, *, check: bool = True) -> str:
        """What a command in the guest's root shell says.

        Raises:
            AssertionError: it failed, and `check` was asked.
        """
        self._answers.wait("<shell>", within)
        self._asked += 1
        since = len(self._answers.text)
        wrapped = f"{{ {command}\n}} </dev/null 2>&1; printf '<%s %s %d>\\n' end {self._asked} $?\n"
        self._wire.sendall(wrapped.encode())
        end = self._answers.wait(rf"<end {self._asked} (\d+)>", within, since)
        said = self._answers.text[since : since + end.start()].replace("\r\n", "\n")
        assert not check or end[1] == "0", f"{command} gave {end[1]}: {said}"
        return said

    def python(self, program: str, within: float = 60) -> str:
        """What a Python program says there."""
        return self.run(f"/usr/bin/python3 -c {shlex.quote(program)}", within)

    def hears(self, frames: Iterable[bytes]) -> None:
        """The switch copies these frames to the mirror port."""
        for frame in frames:
            self._mirror.sendto(frame, str(self.room / "port"))

    def ssh(self, key: Path, command: str, within: float = 90) -> subprocess.CompletedProcess[str]:
        """A command over ssh, as root, with this key."""
        said = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=60")
        options = [word for each in said for word in ("-o", each)]
        return subprocess.run(
            ["ssh", "-q", "-i", str(key), "-p", str(self.ssh_port), *options, "root@127.0.0.1", command],
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
