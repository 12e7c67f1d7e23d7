"""A sentinel and an echo running in the cabinet, and what can be seen of them from outside their processes."""

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

from sentinel import codec
from sentinel.clock import boot_id, now
from sentinel.model.finding import Code, Level
from sentinel.model.incident import Incident
from sentinel.model.verdict import Verdict
from sentinel.places import Places
from sentinel.signals import pulse
from sentinel.store.listed import ConnectionRow
from sentinel.store.reading import Filter, opened
from tests.lab.cabinet import Cabinet
from tests.lab.host import Host, end

ECHO_PORT = 8443
CODE = "TEST-CODE"


class Sentinel:
    """`sentinel run` on the Pi of a cabinet; its folders are in `folder` unless they are given."""

    def __init__(
        self,
        cabinet: Cabinet,
        folder: Path,
        settings: str = "",
        *,
        lasting: Path | None = None,
        passing: Path | None = None,
    ) -> None:
        self.pi: Host = cabinet.pi
        self.folder = folder
        lasting = lasting or folder / "var"
        self.places = Places(lasting=lasting, passing=passing or lasting / "run")
        self.file = folder / "sentinel.toml"
        self.log = folder / "sentinel.log"
        self._run: Popen[str] | None = None
        self._apart: list[Popen[str]] = []
        interface = "lan0" if cabinet.one_nic else "mirror0"
        self.file.write_text(
            f'[capture]\ninterface = "{interface}"\n'
            f'[page]\nhost = "{self.pi.v4}"\ncode = "{CODE}"\n'
            f"[store]\nbatch_seconds = 0.5\n"
            f'[labels]\n"{cabinet.imaging.mac}" = "RADIO-PC"\n'
            f'[practice]\ncontact = "Camille Martin"\nphone = "+33 1 99 00 12 34"\n' + settings,
            encoding="utf-8",
        )

    def start(self) -> "Sentinel":
        """Start it and wait until the street beats."""
        self._run = self.pi.start(self._command("run"), log=self.log)
        return self._started()

    def start_apart(self, **environments: dict[str, str]) -> "Sentinel":
        """Start each program by itself, as the units of a Pi do, some in an environment of their own.

        Nobody starts again what ends; what they say goes to a file each, beside `log`.
        """
        for name in ("watch", "listen", "web"):
            log, env = self.folder / f"{name}.log", environments.get(name)
            self._apart.append(self.pi.start(self._command(name), log=log, env=env))
        return self._started()

    def _started(self) -> "Sentinel":
        self.wait(lambda: self.verdict() is not None and self._coverage() is not None, "the first beat")
        return self

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        while self._apart:
            end(self._apart.pop())
        if self._run is not None:
            self._run.send_signal(signal.SIGINT)
            self._run.wait(5)
            self._run = None

    def _command(self, *words: str) -> list[str]:
        folders = ["--dir", str(self.places.lasting), "--run", str(self.places.passing)]
        return [sys.executable, "-m", "sentinel", "--config", str(self.file), *folders, *words]

    def command(self, *words: str, timeout: float = 70) -> tuple[int, str]:
        """One of the commands, run on the Pi: exit code and what it printed."""
        done = self.pi.run(self._command(*words), check=False, timeout=timeout)
        return done.returncode, done.stdout + done.stderr

    # -- what can be seen ----------------------------------------------------------------------------------

    def pulse(self) -> pulse.Pulse | None:
        """The last beat, if the street is alive."""
        last = pulse.read(self.places.pulse)
        return last if pulse.is_alive(last, now(), boot_id()) else None

    def verdict(self) -> Verdict | None:
        """What the sentinel says, or nothing when it is dead."""
        last = self.pulse()
        return last.verdict if last else None

    def codes(self) -> set[Code]:
        """Everything that applies now."""
        verdict = self.verdict()
        return {reason.code for reason in verdict.reasons} if verdict else set()

    def level(self) -> Level | None:
        """The colour."""
        verdict = self.verdict()
        return verdict.level if verdict else None

    def _coverage(self) -> object:
        last = self.pulse()
        return last.coverage if last else None

    def lamp(self) -> dict[str, Any]:
        """What the simulated lamp shows, and its last changes as (boot seconds, colour, lit)."""
        return dict(json.loads(self.places.lamp.read_bytes()))

    def connections(self, wanted: Filter | None = None) -> list[ConnectionRow]:
        """Rows, newest first."""
        with opened(self.places.store) as reader:
            return reader.connections(wanted or Filter(), most=10_000)

    def incidents(self) -> list[Incident]:
        """Stories."""
        with opened(self.places.store) as reader:
            return reader.incidents()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Any question to the store."""
        with closing(sqlite3.connect(f"file:{self.places.store}?mode=ro", uri=True)) as db:
            return db.execute(statement).fetchall()

    def page(self, path: str = "/", cookie: str = "") -> tuple[int, str, dict[str, str]]:
        """One page as a browser on the LAN gets it: status, body, headers."""
        import http.client

        with self.pi.inside():
            line = http.client.HTTPConnection(str(self.pi.v4), 8080, timeout=5)
            line.connect()
        with closing(line):
            line.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = line.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())

    def wait(self, condition: Callable[[], object], what: str, patience: float = 15) -> float:
        """Until it holds; returns how long that took, in seconds.

        Raises:
            AssertionError: it did not hold in time; says what the sentinel said instead.
        """
        begun = time.monotonic()
        while not condition():
            waited = time.monotonic() - begun
            verdict = self.verdict()
            assert waited < patience, f"waited {waited:.1f} s for {what}; verdict {verdict}\n{self.tail()}"
            time.sleep(0.02)
        return time.monotonic() - begun

    def tail(self) -> str:
        """The end of the programs' output, for whoever reads a failed test."""
        return self.log.read_text(encoding="utf-8")[-3000:] if self.log.exists() else ""

    def process(self, name: str) -> int:
        """The process id of one of the programs."""
        for line in self.pi.run(["ps", "-ewwo", "pid=,args="]).stdout.splitlines():
            words = line.split()
            if str(self.places.lasting) in words and words[-1] == name:
                return int(words[0])
        raise LookupError(name)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one of the programs."""
        os.kill(self.process(name), number)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """One of the programs stands still meanwhile; `run` itself too, which then starts nothing again."""
        stopped = self.process(name)
        os.kill(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):  # killed meanwhile, and rightly
                os.kill(stopped, signal.SIGCONT)


class EchoHost:
    """`sentinel echo serve` on one of the internet's echo hosts."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host = host
        self.folder = folder
        self._process: Popen[str] | None = None

    def start(self) -> "EchoHost":
        """Start it and wait until it listens."""
        listen = ["--listen", f"{self.host.v4}:{ECHO_PORT}", "--listen", f"[{self.host.v6}]:{ECHO_PORT}"]
        words = ["serve", "--dir", str(self.folder), "--name", self.host.role, *listen, "--lab"]
        self._process = self.host.start(
            [sys.executable, "-m", "sentinel", "echo", *words],
            ready=(ECHO_PORT,),
            patience=timedelta(seconds=20),
            log=self.folder.with_suffix(".log"),
        )
        return self

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def invite(self) -> str:
        """A fresh invitation."""
        words = ["-m", "sentinel", "echo", "invite", "--dir", str(self.folder), "--alias", "cabinet"]
        return self.host.python(*words).stdout.strip()


def plain(value: object) -> str:
    """Anything of the model as one line, for messages."""
    return codec.encode(value).decode()
