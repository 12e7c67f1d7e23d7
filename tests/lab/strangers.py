"""The strangers of `./dev lab`: what they try on the practice, and what the private network of a VPN does."""

import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import click

from tests.lab import imaging, running
from tests.lab.cabinet import Cabinet
from tests.lab.doors import Answer, knock
from tests.lab.running import DICOM_PORT
from tests.lab.telling import last_words, tell

SCANNED = range(1, 1001)
SCANNERS = 50
"""Knocks at once: a scan that meets nothing but silence still ends in seconds."""
PATIENCE = timedelta(seconds=0.5)

RED = "red within a second, and at the page one incident that names RADIO-PC"
NOTHING = "nothing: nobody came in, so the lamp keeps its colour"


@click.command()
@click.option("--ipv6", is_flag=True, help="At the imaging machine's own address (after open-ipv6).")
def stranger_echo(ipv6: bool) -> None:
    """A stranger opens a DICOM association, by a forward."""
    cabinet = running.attached()
    if ipv6:
        address, port = imaging.call_ipv6(cabinet.stranger, cabinet.imaging.v6, DICOM_PORT), DICOM_PORT
        where = f"[{cabinet.imaging.v6}]:{DICOM_PORT}"
    else:
        address, port, where = _way_in(cabinet)
    done = imaging.echoscu(cabinet.stranger, address, port)
    cabinet.close()
    if done.returncode == 0:
        tell(f"The stranger was accepted at {where}", RED)
    else:
        tell(f"The stranger was turned away at {where}: {last_words(done)}", NOTHING)


@click.command()
def stranger_find() -> None:
    """The stranger searches for images stored before."""
    cabinet = running.attached()
    address, port, where = _way_in(cabinet)
    done = imaging.findscu(cabinet.stranger, address, port, calling=imaging.CALLER)
    if done.returncode == 0:
        found = "ZZTEST" in done.stdout + done.stderr
        told = "was told of a patient" if found else "found nobody, as nothing is stored"
        tell(f"The stranger searched at {where} and {told}", f"{RED}, whose grade rises")
    else:
        tell(f"The stranger was turned away at {where}: {last_words(done)}", NOTHING)


@click.command()
def stranger_get() -> None:
    """The stranger fetches images stored before."""
    cabinet = running.attached()
    address, port, where = _way_in(cabinet)
    with tempfile.TemporaryDirectory() as folder:
        uid = running.images(folder)[0].study_instance_uid
        stolen = Path(folder, "stolen")
        done = imaging.getscu(cabinet.stranger, address, port, uid, stolen)
        size = sum(each.stat().st_size for each in stolen.iterdir()) / 1e6
    if done.returncode == 0 and size:
        tell(
            f"The stranger fetched {size:.1f} MB of images from {where}",
            "red, and « images left » with its volume",
        )
    else:
        tell(f"The stranger left {where} with nothing: {last_words(done)}", "no images that left")


@click.command()
def stranger_scan() -> None:
    """A stranger tries 1,000 ports of the public address."""
    cabinet = running.attached()
    scan = _scan_half_open if shutil.which("nmap") else _scan
    answers = ", ".join(f"{count} {word}" for word, count in sorted(scan(cabinet).items()))
    tell(
        f"The stranger tried ports {SCANNED[0]}-{SCANNED[-1]} of {cabinet.box.v4} ({answers})",
        "nothing where the box itself refuses; after dmz on, a scan on record that never turns the lamp red",
    )


@click.command()
def vpn_client() -> None:
    """A machine of another private network associates."""
    cabinet = running.attached()
    done = imaging.echoscu(cabinet.vpn_client, cabinet.imaging.v4, DICOM_PORT, calling="TECHNICIAN")
    came = "was accepted" if done.returncode == 0 else f"was not accepted ({last_words(done)})"
    tell(
        f"The VPN client {cabinet.vpn_client.v4} {came} at {cabinet.imaging.v4}:{DICOM_PORT}",
        "yellow: the page asks, once, whether that network is yours; the answer is remembered",
    )


def _way_in(cabinet: Cabinet) -> tuple[IPv4Address, int, str]:
    """Where a stranger tries his luck: the first forward, else the port of DICOM itself."""
    port = running.first_forward(cabinet) or DICOM_PORT
    return cabinet.box.v4, port, f"{cabinet.box.v4}:{port}"


def _scan_half_open(cabinet: Cabinet) -> Counter[str]:
    """SYNs only, by nmap: no connection is ever completed."""
    ports = f"{SCANNED[0]}-{SCANNED[-1]}"
    argv = ["nmap", "-sS", "-n", "-Pn", "-T4", "--max-retries", "1", "-p", ports, "-oG", "-", str(cabinet.box.v4)]
    said = cabinet.stranger.run(argv, timeout=60).stdout
    count = Counter({word: said.count(f"/{word}/tcp") for word in ("open", "closed", "filtered")})
    rest = len(SCANNED) - count.total()
    most = next((word for word in ("closed", "filtered") if f"Ignored State: {word}" in said), "closed")
    return +(count + Counter({most: rest}))


def _scan(cabinet: Cabinet) -> Counter[str]:
    def one(port: int) -> Answer:
        return knock(cabinet.stranger, cabinet.box.v4, port, patience=PATIENCE)

    with ThreadPoolExecutor(SCANNERS) as scanners:
        return Counter(answer.value for answer in scanners.map(one, SCANNED))
