"""A machine that systemd-nspawn boots, on a LAN of its own: nothing of it reaches this computer's network."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sentinel.capture import rights
from tests.ansible import debian

ROOT = Path(__file__).resolve().parents[2]
LIVES = 1200
"""Seconds after which a machine is ended whatever happens."""
BOOTS_WITHIN = 90.0
PLAYS_WITHIN = 500.0
HOME, CLIENT, BOX = "192.168.77.10", "192.168.77.2", "192.168.77.1"
HOME6, CLIENT6, BOX6 = "fd77::10", "fd77::2", "fe80::1"
NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
}


def why_not() -> str | None:
    """Why no machine can be booted here, or None if one can."""
    if os.geteuid() != 0:
        return "a machine in systemd-nspawn needs root"
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing:
        return f"these Debian packages are needed: {' '.join(missing)}"
    if not shutil.which("apt-get"):
        return "a Debian is made from the archives that apt on this machine knows"
    return None


class Failed(AssertionError):
    """A command ended in a way nobody expected; with its words."""


def _done(command: list[Any], *, within: float = 60.0, check: bool = True, **more: Any) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=within,
        check=False,
        **more,
    )
    if check and done.returncode:
        raise Failed(f"{command} ended with {done.returncode}:\n{done.stdout[-6000:]}")
    return done.stdout


class Lan:
    """A network namespace with a client and the internet box in it, and one for the machine."""

    def __init__(self, name: str) -> None:
        self.side, self.machine = f"{name}-lan", f"{name}-machine"
        for each in (self.side, self.machine):
            _done(["ip", "netns", "add", each])
        self._ip(self.side, "link", "add", "lan0", "type", "veth", "peer", "name", "eth0", "netns", self.machine)
        for address in (f"{CLIENT}/24", f"{BOX}/24"):  # the first is the one it speaks from
            self._ip(self.side, "address", "add", address, "dev", "lan0")
        for address in (f"{CLIENT6}/64", f"{BOX6}/64"):
            self._ip(self.side, "address", "add", address, "dev", "lan0", "nodad")
        self._ip(self.machine, "address", "add", f"{HOME}/24", "dev", "eth0")
        self._ip(self.machine, "address", "add", f"{HOME6}/64", "dev", "eth0", "nodad")
        for side, card in ((self.side, "lan0"), (self.machine, "eth0")):
            self._ip(side, "link", "set", "lo", "up")
            self._ip(side, "link", "set", card, "up")
        self._ip(self.machine, "route", "add", "default", "via", BOX)
        self._ip(self.machine, "-6", "route", "add", "default", "via", BOX6, "dev", "eth0")

    def _ip(self, namespace: str, *words: str) -> None:
        _done(["ip", "-n", namespace, *words])

    def close(self) -> None:
        """Take it down."""
        for each in (self.side, self.machine):
            _done(["ip", "netns", "delete", each], check=False)

    def run(self, *words: Any, **more: Any) -> str:
        """A command on the client."""
        return _done(["ip", "netns", "exec", self.side, *words], **more)

    def python(self, code: str, *words: str) -> str:
        """A few lines of Python on the client."""
        return self.run(sys.executable, "-c", code, *words)


class Machine:
    """A Debian that is on. Leaving the context turns it off."""

    def __init__(self, folder: Path, lan: Lan) -> None:
        self.lan = lan
        self.folder = folder
        self.root = debian.root(folder / "root")
        self._key = folder / "key"
        self._playbooks = _cloned(folder / "clone")
        self._prepare()
        self._nspawn: subprocess.Popen[bytes] | None = None
        self.variables: dict[str, Any] = {}
        """What every playbook is given."""
        self.before = ""
        """What was to be found on it before the first."""

    def _prepare(self) -> None:
        """Somebody's key, a name, an identity; and package lists that are of today."""
        _done(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._key])
        keys = self.root / "root/.ssh"
        keys.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self._key.with_suffix(".pub"), keys / "authorized_keys")
        (self.root / "etc/machine-id").write_text(f"{os.urandom(16).hex()}\n")
        (self.root / "etc/hostname").write_text("practice\n")
        (self.root / "var/lib/apt/periodic").mkdir(parents=True, exist_ok=True)
        (self.root / "var/lib/apt/periodic/update-success-stamp").touch()

    def on(self) -> None:
        """Boot; return when nothing is starting any more."""
        command = ["timeout", LIVES, "systemd-nspawn", "-D", self.root, "--boot", "--register=no", "--keep-unit"]
        command += [f"--network-namespace-path=/run/netns/{self.lan.machine}", "--capability=CAP_NET_ADMIN"]
        command += ["--resolv-conf=off", "--console=pipe", "--quiet"]
        with (self.folder / "console.log").open("ab") as console:
            self._nspawn = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=os.environ | {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"},
                preexec_fn=rights.end_with_parent,  # noqa: PLW1509 - no thread of ours is in a fork
            )
        self.until(lambda: self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded"))

    def off(self) -> None:
        """Shut down, as the power key does; after twenty seconds for good."""
        if self._nspawn is None:
            return
        with contextlib.suppress(LookupError, ProcessLookupError):
            os.kill(self._leader(), signal.SIGRTMIN + 4)
        try:
            self._nspawn.wait(20)
        except subprocess.TimeoutExpired:
            for each in (*_children(self._nspawn.pid), self._nspawn.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._nspawn.wait(10)
        self._nspawn = None

    def _leader(self) -> int:
        """Its first process, as this computer counts: timeout -> nspawn -> init."""
        assert self._nspawn
        for nspawn in _children(self._nspawn.pid):
            for init in _children(nspawn):
                if Path(f"/proc/{init}/comm").read_text().strip() == "systemd":
                    return init
        raise LookupError("it has not begun, or has ended")

    def run(self, command: str, *, check: bool = True, within: float = 60.0) -> str:
        """A line of shell as root inside, by no network."""
        inside = ["nsenter", "--all", f"--target={self._leader()}", "env", "-i", "PATH=/usr/sbin:/usr/bin"]
        return _done([*inside, "SYSTEMD_PAGER=", "sh", "-c", command], check=check, within=within)

    def until(self, holds: Callable[[], Any], within: float = BOOTS_WITHIN) -> Any:
        """Wait for something to hold; what it was."""
        end = time.monotonic() + within
        while True:
            try:
                if found := holds():
                    return found
            except (LookupError, AssertionError, OSError):
                if time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise TimeoutError(
                    f"not within {within:.0f} s; what failed: {self.run('systemctl --failed', check=False)}"
                )
            time.sleep(0.25)

    def play(self, book: str, *, check: bool = True, **variables: Any) -> "Played":
        """Run a playbook from the client, by ssh."""
        inventory, extra = self.folder / "hosts.json", self.folder / "variables.json"
        inventory.write_text(json.dumps({"all": {"children": self._groups()}}))
        extra.write_text(json.dumps(self.variables | variables))
        ours = {"ANSIBLE_LOCAL_TEMP": "ansible", "ANSIBLE_SSH_CONTROL_PATH_DIR": "cp"}
        environment = {name: str(self.folder / place) for name, place in ours.items()}
        words = self.lan.run(
            Path(sys.executable).with_name("ansible-playbook"),
            *("-i", inventory, "-e", f"@{extra}", book),
            cwd=self._playbooks,
            within=PLAYS_WITHIN,
            check=False,
            env=os.environ | environment | {"ANSIBLE_NOCOLOR": "1"},
        )
        played = Played(words)
        if check and not played.well:
            raise Failed(words[-8000:])
        return played

    def _groups(self) -> dict[str, Any]:
        """An inventory in which this machine is each of the two."""
        host = {
            "ansible_host": HOME,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self._key),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        }
        return {name: {"hosts": {"echo.example.org": host}} for name in ("sentinels", "echoes")}

    def pid(self, unit: str) -> int:
        """The main process of a unit, as the machine counts; 0: none."""
        return int(self.run(f"systemctl show -P MainPID {unit}"))

    def is_active(self, unit: str) -> bool:
        """Whether it runs."""
        return self.run(f"systemctl is-active {unit}", check=False).strip() == "active"


class Played:
    """What ansible-playbook said."""

    def __init__(self, words: str) -> None:
        self.words = words
        recap = words.rpartition("PLAY RECAP")[2]
        numbers = dict(word.split("=") for word in recap.split() if "=" in word)
        self.changed = int(numbers.get("changed", -1))
        self.well = numbers.get("failed") == numbers.get("unreachable") == "0"


def _cloned(folder: Path) -> Path:
    """The playbooks, as somebody has them whose umask leaves others nothing."""
    for name in ("ansible", "requirements"):
        shutil.copytree(ROOT / name, folder / name)
    _done(["chmod", "-R", "go=", folder])
    return folder / "ansible"


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """One, booted, with a LAN of its own."""
    folder = Path(tempfile.mkdtemp(prefix="installed-"))  # short: sockets of ssh lie in it
    lan = Lan(f"installed-{os.getpid()}")
    try:
        made = Machine(folder, lan)
        try:
            made.on()
            yield made
        finally:
            made.off()
    finally:
        lan.close()
        shutil.rmtree(folder, ignore_errors=True)
