"""A machine as the installation lays it out: its users, its folders, and each program as a user of its own.

Users and folders are made by systemd's own programs from the very files of the installation, below a folder; every
program then runs in a mount namespace where those users are the machine's, at one end of a cable.
"""

import os
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, build_opener

from sentinel.clock import boot_id, now
from sentinel.places import Places
from sentinel.signals import pulse
from tests.capture.cable import CARD, Cable, cable, need, stop, wait_until

ROOT = Path(__file__).resolve().parent.parent
LAID = ROOT / "ansible/roles/sentinel/files/rootfs"
LISTEN, WATCH, WEB, FIREWALL = "sentinel-listen", "sentinel-watch", "sentinel-web", "sentinel-firewall"
PORT, HTTPS = 8080, 8443
CODE = "TEST-CODE"
SETTINGS = f"""
[capture]
interface = "{CARD}"
box = ["127.0.0.253"]
user = "{LISTEN}"
[page]
host = "0.0.0.0"
port = {PORT}
https_port = {HTTPS}
code = "{CODE}"
user = "{WEB}"
[store]
batch_seconds = 0.2
[notices]
practice = ["json://192.0.2.1/secret-of-the-notices"]
"""
SEEN_AS_OURS = """
set -e
mount -o bind,ro "$0/etc/passwd" /etc/passwd
mount -o bind,ro "$0/etc/group" /etc/group
mount -o bind,ro "$1" "$0/opt/venv"
mount -o bind,ro "$2" "$0/opt/python"
shift 2
exec "$@"
"""
"""In the program's own mount namespace: whoever removes the folder meanwhile removes nothing of this house."""


class Machine:
    """Below `base`, whose folders anybody may pass through; `laid` is its cable."""

    def __init__(self, base: Path, laid: Cable) -> None:
        self.base = base
        self.laid = laid
        self.places = Places(lasting=base / "var/lib/sentinel", passing=base / "run/sentinel")
        self.file = base / "etc/sentinel/sentinel.toml"
        self.section = base / "run/sentinel-listen.toml"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def install(self) -> "Machine":
        """Users, folders, configuration, program; all but the units."""
        for folder in ("etc", "usr/lib", "var/lib", "run"):
            (self.base / folder).mkdir(parents=True)
        for name in ("passwd", "group"):
            shutil.copy(f"/etc/{name}", self.base / "etc")
        for name in ("sysusers.d", "tmpfiles.d"):
            shutil.copytree(LAID / "usr/lib" / name, self.base / "usr/lib" / name)
        self._lay("systemd-sysusers")
        self._lay("systemd-tmpfiles", "--create")
        self.file.write_text(SETTINGS)
        self._lay("systemd-tmpfiles", "--create")  # as at each boot: now the file is there
        self._copy_program()
        self.section.write_text(self.run("root", *self.sentinel("section", "capture")).stdout)
        return self

    def _lay(self, program: str, *words: str) -> None:
        subprocess.run([program, f"--root={self.base}", *words, "sentinel.conf"], check=True, capture_output=True)

    def _copy_program(self) -> None:
        """To where every user may read it, wherever this house and its Python stand."""
        for name in ("sentinel", "web"):
            shutil.copytree(ROOT / name, self.base / "opt" / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("venv", "python"):
            (self.base / "opt" / name).mkdir()
        packages = Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
        self._path = f"{self.base / 'opt'}:{self.base / 'opt/venv' / packages}"
        self.interpreter = str(
            self.base / "opt/python" / Path(sys.executable).resolve().relative_to(sys.base_prefix)
        )

    def sentinel(self, *words: str) -> list[str]:
        """The command line, as the installation's own wrapper gives it to every program."""
        folders = ["--dir", str(self.places.lasting), "--run", str(self.places.passing)]
        return [self.interpreter, "-m", "sentinel", "--config", str(self.file), *folders, *words]

    def _as(self, user: str, words: Sequence[str], right: str) -> list[str]:
        """A command as that user of the machine, with one right or none."""
        rights = ["--inh-caps", f"+{right}", "--ambient-caps", f"+{right}"] if right else []
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--no-new-privs", *rights]
        seen = ["sh", "-c", SEEN_AS_OURS, str(self.base), sys.prefix, sys.base_prefix]
        seen += [] if user == "root" else become
        environment = ["env", f"PYTHONPATH={self._path}", f"LD_LIBRARY_PATH={self.base / 'opt/python/lib'}"]
        return ["ip", "netns", "exec", self.laid.names["left"], *seen, *environment, *words]

    def run(self, user: str, *words: str, right: str = "") -> subprocess.CompletedProcess[str]:
        """A command of that user, to its end."""
        return subprocess.run(
            self._as(user, words, right), capture_output=True, text=True, timeout=60, check=False, cwd="/"
        )

    def python(self, user: str, code: str, *words: object) -> str:
        """What a few lines of Python say, run by that user."""
        done = self.run(user, self.interpreter, "-c", code, *map(str, words))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, user: str) -> None:
        """The program of that user, as its unit starts it."""
        own = ["--config", str(self.section)] if user == LISTEN else []
        words = self.sentinel(*own, user.removeprefix("sentinel-"))
        command = self._as(user, words, "net_raw" if user == LISTEN else "")
        self._running[user] = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL)

    def start_all(self) -> None:
        """Until the page can be read and `listen` is heard."""
        for user in (WATCH, LISTEN, WEB):
            self.start(user)
        wait_until(lambda: self.beat is not None and self.beat.coverage is not None, 40)
        wait_until(lambda: self.status("/") == 200, 40)

    @property
    def beat(self) -> pulse.Pulse | None:
        """The last one, if it is fresh."""
        last = pulse.read(self.places.pulse)
        return last if pulse.is_alive(last, now(), boot_id()) else None

    def status(self, path: str) -> int:
        """How the plain page answers; 0: it does not."""
        with self.laid.at("left"):
            try:
                return int(build_opener().open(f"http://127.0.0.1:{PORT}{path}", timeout=10).status)
            except HTTPError as error:
                return int(error.code)
            except (URLError, OSError):
                return 0

    def stop(self, user: str, *, kill: bool = False) -> None:
        """End its program, politely or not."""
        process = self._running.pop(user)
        if kill:
            process.kill()
        stop(process)

    def process(self, user: str) -> int:
        """Of its program: what it was started by became it, each in turn."""
        return self._running[user].pid

    def close(self) -> None:
        """Leave nothing."""
        for user in list(self._running):
            self.stop(user)


class Reader:
    """A browser without script, by TLS, at this machine itself."""

    def __init__(self, machine: Machine) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._at = machine.laid.at
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()), HTTPSHandler(context=context))

    def take(self, path: str, form: dict[str, str] | None = None) -> bytes:
        """What comes of a page or a form."""
        data = urlencode(form).encode() if form else None
        with self._at("left"), self._browser.open(f"https://127.0.0.1:{HTTPS}{path}", data, timeout=20) as answer:
            return bytes(answer.read())

    def send(self, page: str, path: str, **fields: str) -> str:
        """A form of that page, with its token."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.take(page).decode())
        assert token, f"{page} has no form"
        return self.take(path, {"csrf_token": token[1], "who": "Anne", **fields}).decode()

    def wait(self, path: str, pattern: str) -> str:
        """Until a page holds what is looked for; the first of it."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if found := re.search(pattern, self.take(path).decode()):
                return found[1]
            time.sleep(0.3)
        raise AssertionError(f"{path} never holds {pattern}")


@contextmanager
def machine() -> Iterator[Machine]:
    """One for a test; root makes it."""
    need("setpriv", "mount", "systemd-sysusers", "systemd-tmpfiles")
    with tempfile.TemporaryDirectory(prefix="users-of-") as folder, cable(quiet=False) as laid:
        os.chmod(folder, 0o755)  # noqa: PTH101 - pytest's own folders are root's alone
        made = Machine(Path(folder), laid)
        try:
            yield made.install()
        finally:
            made.close()
