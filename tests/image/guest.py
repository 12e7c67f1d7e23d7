"""One card in one emulated board. Everything waits for what it is about, until a deadline; nothing just sleeps."""

import base64
import contextlib
import json
import shlex
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.image.firmware import Started, start
from tests.image.heard import Heard

BOOTS_WITHIN = 600.0
"""Seconds from power to the last unit: 50 on two quiet processors, more beside other tests."""
ENDS_WITH_US = "setpriv --pdeathsig KILL nice -n 10 qemu-system-aarch64 -display none -no-reboot"
VIRT = """
-M virt,dtb-randomness=off -cpu cortex-a72 -smp 2 -m 1024 -accel tcg,thread=multi -serial stdio
-device virtio-rng-pci
-drive if=none,id=card,file={card},format=qcow2,cache=writeback -device virtio-blk-pci,drive=card
-netdev user,id=lan,restrict=on,ipv6=off{forwards} -device virtio-net-pci,netdev=lan,romfile=
-netdev dgram,id=mirror,local.type=unix,local.path={room}/port,remote.type=unix,remote.path={room}/switch
-device virtio-net-pci,netdev=mirror,romfile=
-chardev socket,id=shell,path={room}/shell,server=on,wait=on
-device virtio-serial-pci -device virtserialport,chardev=shell,nr=1
-qmp unix:{room}/monitor,server=on,wait=off -rtc base=1970-01-01
"""
"""`restrict`: nothing of the guest reaches beyond this machine, and DHCP offers no gateway, so that the end of
the forwards is a neighbour as any other, to whom the page may answer. A Pi has no clock with a battery: `-rtc`.
Without `dtb-randomness` the kernel does not shuffle its addresses, and so need not keep its page tables apart from
a program's (arch/arm64/kernel/cpufeature.c, `unmap_kernel_at_el0`): each switch between the two costs an emulated
board its whole TLB, and a start a third of its time (72 s, and 46 without).
QEMU waits for whoever holds the shell's wire: a snapshot that went on before would tell the guest that nobody is
there, which is the end of file to its shell."""
RASPI3B = """
-M raspi3b -accel tcg,thread=multi -serial null -serial stdio
-drive if=sd,format=qcow2,file={card},cache=writeback
-netdev user,id=lan,restrict=on,ipv6=off{forwards} -device usb-net,netdev=lan
"""
PATIENCE = "systemd.default_timeout_start_sec=300 systemd.default_device_timeout_sec=300"
"""An emulated board beside other tests is ten times slower than the slowest real one."""
SHELL = """\
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'until p=$$(ls /dev/vport*p1); do sleep 1; done; exec <>$$p >&0; echo "<shell>"; exec sh'
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


class Board:
    """A machine that is on. Leaving the context pulls its plug."""

    parts: str
    tree = ""
    console_name = "ttyAMA0"

    def __init__(self, card: Path, room: Path, *, append: str = "", options: Iterable[str] = ()) -> None:
        self.card, self.room = card, room
        room.mkdir(parents=True, exist_ok=True)
        self.http, self.https, self.ssh_port = free_port(), free_port(), free_port()
        self.began = time.monotonic()
        self.started = start(card, room, self.tree)
        command = [*self._command(self.started, append), *options]
        self._qemu = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        assert self._qemu.stdout
        self.console = Heard(self._qemu.stdout.read)

    def _command(self, what: Started, append: str) -> list[str]:
        doors = ((self.http, 80), (self.https, 443), (self.ssh_port, 22))
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{inside}" for host, inside in doors)
        parts = self.parts.format(card=self.card, room=self.room, forwards=forwards)
        words = f"{what.cmdline.replace('ttyS1,115200', self.console_name)} {append}".strip()
        assert len(words) < 2048, "the arm64 kernel cuts its command line at 2048"
        tree = ["-dtb", str(what.tree)] if what.tree else []
        loaded = ["-kernel", str(what.kernel), "-initrd", str(what.initrd), *tree, "-append", words]
        return [*ENDS_WITH_US.split(), *parts.split(), *loaded]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def age(self) -> float:
        """Seconds since power on."""
        return time.monotonic() - self.began

    def close(self) -> None:
        """The plug is pulled."""
        self._qemu.kill()
        self._qemu.wait(30)
        self.console.end()
        self._qemu.stdout.close()

    def ended(self, within: float) -> None:
        """Wait until the machine has switched itself off, or wants to boot again."""
        self._qemu.wait(within)


class Pi3(Board):
    """A Raspberry Pi 3 B as QEMU knows it; its watchdog is not modelled, so systemd leaves it alone."""

    parts = RASPI3B
    tree = "bcm2837-rpi-3-b.dtb"
    console_name = "ttyS1,115200"

    def __init__(self, card: Path, room: Path) -> None:
        super().__init__(card, room, append="systemd.watchdog_sec=0")


class Guest(Board):
    """A board with a second network card on the mirror port, a monitor, and a shell."""

    parts = VIRT

    def __init__(
        self, card: Path, room: Path, *, units: Mapping[str, str] | None = None, parts: str = "", instant: str = ""
    ) -> None:
        """Power on, with these parts more; `instant` names a snapshot to go on from instead."""
        room.mkdir(parents=True, exist_ok=True)
        self._mirror = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._mirror.bind(str(room / "switch"))
        more = {"test-shell.service": SHELL, **(units or {})}
        append = " ".join([PATIENCE, *(unit(name, text) for name, text in more.items())])
        options = f"{parts} -loadvm {instant}" if instant else parts
        super().__init__(card, room, append=append, options=options.split())
        self._wire = self._connected("shell")
        self._monitor = self._connected("monitor")
        self._monitor_says = Heard(self._monitor.recv)
        self.control("qmp_capabilities")
        self._answers = Heard(self._wire.recv, "<shell>" if instant else "")  # it said so before the snapshot
        self._asked = 0
        self.sent = Heard(self._mirror.recv)
        """What the card on the mirror port said; a switch would not carry it further."""

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

    def close(self) -> None:
        """The plug is pulled, and the wires with it."""
        super().close()
        for way in (self._monitor, self._wire):
            way.close()
        self._mirror.shutdown(socket.SHUT_RDWR)
        self.sent.end()
        self._mirror.close()

    def control(self, command: str, **arguments: Any) -> str:
        """One order to QEMU itself, until it is done; its answer."""
        since = len(self._monitor_says.text)
        self._monitor.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        answer = self._monitor_says.wait(r'\{"(return|error)".*\}', 120, since)
        assert answer[1] == "return", answer[0]
        return answer[0]

    def keep(self, instant: str) -> None:
        """Memory and card as they are now, under this name, in the card's own file."""
        said = self.control("human-monitor-command", **{"command-line": f"savevm {instant}"})
        assert '"return": ""' in said, said

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

    def ssh_command(self, key: Path, command: str) -> list[str]:
        """What to type for this command over ssh, as root, with this key."""
        said = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=60")
        said += ("Ciphers=aes128-gcm@openssh.com",)  # costs an emulated board less than half of the usual one
        options = [word for each in said for word in ("-o", each)]
        return ["ssh", "-q", "-i", str(key), "-p", str(self.ssh_port), *options, "root@127.0.0.1", command]

    def ssh(self, key: Path, command: str, within: float = 90) -> subprocess.CompletedProcess[str]:
        """A command over ssh, done."""
        typed = self.ssh_command(key, command)
        return subprocess.run(typed, capture_output=True, text=True, timeout=within, check=False)
