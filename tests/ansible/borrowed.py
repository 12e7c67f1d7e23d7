"""Units of the card, laid for a while on an installed machine: what systemd makes of them needs no QEMU."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from sentinel import certificate
from tests.ansible.machine import CLIENT, ROOT, Machine

UNITS = ROOT / "image-build/rootfs/usr/lib/systemd/system"
ASK = """
import sys
from sentinel.programs.carrying import Carried
from sentinel.programs.fetching import Source, small
for source in (Source, Carried):
    try:
        print(source.__name__, small(source(sys.argv[1]), "file", 1 << 20).decode())
    except Exception as error:
        print(source.__name__, error)
"""
SERVE = """
import http.server, ssl, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"update")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[2:])
server = http.server.HTTPServer((sys.argv[1], 8443), Answer)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
"""


@contextmanager
def borrowed(machine: Machine, **units: str) -> Iterator[None]:
    """These units of the card (a name's underscore is its dash), each with a few lines of its own."""
    own = machine.root / "etc/systemd/system"
    made = [own / f"sentinel-{name.replace('_', '.')}" for name in units]
    for unit, more in zip(made, units.values(), strict=True):
        shutil.copy(UNITS / unit.name, unit)
        folder = unit.with_name(f"{unit.name}.d")
        folder.mkdir()
        (folder / "borrowed.conf").write_text(more)
    machine.run("systemctl daemon-reload")
    try:
        yield
    finally:
        for unit in made:
            unit.unlink()
            shutil.rmtree(unit.with_name(f"{unit.name}.d"))
        machine.run("systemctl daemon-reload; systemctl reset-failed")


@contextmanager
def served(machine: Machine) -> Iterator[tuple[str, Path]]:
    """Somewhere out there an update is to be had: the address, and what vouches for it."""
    cert, key = (machine.folder / name for name in ("out.pem", "out.key"))
    for path, content in zip(
        (cert, key), certificate.make([], [ip_address(CLIENT)], datetime.now(UTC)), strict=True
    ):
        path.write_bytes(content)
    command = ["ip", "netns", "exec", machine.lan.side, sys.executable, "-c", SERVE, CLIENT, cert, key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield f"https://{CLIENT}:8443", cert
        finally:
            server.terminate()


def fetched(machine: Machine) -> str:
    """What sentinel-update.service gets of elsewhere by itself, and by the hands of sentinel-fetch.service."""
    with served(machine) as (address, cert):
        (machine.root / "etc/borrowed.pem").write_bytes(cert.read_bytes())
        (machine.root / "etc/borrowed.py").write_text(ASK)
        (machine.root / "boot/firmware").mkdir(exist_ok=True)
        asks = f"ExecStart=\nExecStart=/opt/sentinel/venv/bin/python -I /etc/borrowed.py {address}\n"
        trusts = "Environment=SSL_CERT_FILE=/etc/borrowed.pem\n"
        units = {
            "fetch_socket": "",
            "fetch_service": f"[Service]\n{trusts}",
            "update_service": f"[Service]\n{asks}{trusts}",
        }
        with borrowed(machine, **units):
            machine.run("systemctl start sentinel-fetch.socket")
            try:
                machine.run("systemctl start sentinel-update.service")
                return machine.run("journalctl -u sentinel-update.service -o cat -t python")
            finally:
                machine.run("systemctl stop sentinel-fetch.socket sentinel-fetch.service")
                machine.run("rm -r /etc/borrowed.* /boot/firmware")


def lamp_and_boot(machine: Machine) -> tuple[int, int, str]:
    """At a start: when the card's first unit was done, when the lamp's began (µs), and what circles were told."""
    slow = "[Service]\nExecStart=\nExecStart=/bin/sleep 3\n"
    with borrowed(machine, boot_service=slow):
        machine.run("systemctl enable sentinel-boot.service")
        machine.off()
        machine.on()
        stamp = "systemctl show --value -p {} sentinel-{}.service"
        done = machine.run(stamp.format("ActiveEnterTimestampMonotonic", "boot"))
        began = machine.run(stamp.format("ExecMainStartTimestampMonotonic", "dark"))
        circles = machine.run("journalctl -b -o cat | grep -i 'ordering cycle' || true")
        machine.run("systemctl disable sentinel-boot.service")
    return int(done), int(began), circles
