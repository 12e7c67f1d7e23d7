"""What can be done to the cabinet of `./dev lab` from another terminal: each says what it did and what to see."""

import shutil
import subprocess
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
from tests.lab.host import Host
from tests.lab.images import Image, study
from tests.lab.running import DICOM_PORT

PORT = click.IntRange(1, 65535)
MACHINE = click.Choice(("imaging", "workstation", "pi"))
SCANNED = range(1, 1001)
SCANNERS = 50
"""Knocks at once: a scan that meets nothing but silence still ends in seconds."""
PATIENCE = timedelta(seconds=0.5)

RED = "red within a second, and at the page one incident that names RADIO-PC"
NOTHING = "nothing: nobody came in, so the lamp keeps its colour"


def tell(did: str, look_for: str) -> None:
    """One sentence each."""
    click.echo(f"{did}.\n  Look for: {look_for}.")


def _images(folder: str) -> list[Image]:
    """2.6 MB: enough to count, once they go out, as images that left."""
    return study(Path(folder), count=5, side=512)


# -- a door, and who comes through it ----------------------------------------------------------------------------


@click.command()
@click.argument("outside", type=PORT)
@click.argument("inside", type=PORT, required=False)
@click.option("--to", type=MACHINE, default="imaging", show_default=True)
def forward(outside: int, inside: int | None, to: str) -> None:
    """Forward a public port of the box to a machine."""
    cabinet, inside = running.attached(), inside or outside
    cabinet.box.forward(outside, inside, Host(to))
    tell(
        f"The box forwards {cabinet.box.v4}:{outside} to the {to} machine, {Host(to).v4}:{inside}",
        "nothing yet: the sentinel learns of it when the echo knocks (knock) or somebody comes (stranger-echo)",
    )


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
        tell(f"The stranger was turned away at {where}: {_words(done)}", NOTHING)


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
        tell(f"The stranger was turned away at {where}: {_words(done)}", NOTHING)


@click.command()
def stranger_get() -> None:
    """The stranger fetches images stored before."""
    cabinet = running.attached()
    address, port, where = _way_in(cabinet)
    with tempfile.TemporaryDirectory() as folder:
        uid = _images(folder)[0].study_instance_uid
        stolen = Path(folder, "stolen")
        done = imaging.getscu(cabinet.stranger, address, port, uid, stolen)
        size = sum(each.stat().st_size for each in stolen.iterdir()) / 1e6
    if done.returncode == 0 and size:
        tell(
            f"The stranger fetched {size:.1f} MB of images from {where}",
            "red, and « images left » with its volume",
        )
    else:
        tell(f"The stranger left {where} with nothing: {_words(done)}", "no images that left")


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


@click.command("knock")
def knock_now() -> None:
    """The sentinel asks the echo to knock, now."""
    cabinet = running.attached()
    running.forget_quota()
    click.echo("The sentinel asks the echo to knock; this takes up to 40 s.")
    done = cabinet.pi.run(running.sentinel("knock"), check=False, timeout=90)
    click.echo((done.stdout + done.stderr).rstrip())
    did, look_for = {
        0: ("The echo could open nothing", "green, unless a door is dormant or something else is not proved"),
        1: ("The echo could open a door", "red, and the machine behind the door named by its own knock"),
    }.get(
        done.returncode, ("It could not be learnt what is open", "blue, once the last complete check is too old")
    )
    tell(did, look_for)


@click.command()
@click.argument("outside", type=PORT, required=False)
def unforward(outside: int | None) -> None:
    """Take back one forward, or all of them."""
    running.attached().box.unforward(outside)
    tell(
        "The box forwards nothing any more" if outside is None else f"The box forwards port {outside} no more",
        "still red: only a knock that finds the door closed ends an alarm (knock)",
    )


def _way_in(cabinet: Cabinet) -> tuple[IPv4Address, int, str]:
    """Where a stranger tries his luck: the first forward, else the port of DICOM itself."""
    port = running.first_forward(cabinet) or DICOM_PORT
    return cabinet.box.v4, port, f"{cabinet.box.v4}:{port}"


def _words(done: subprocess.CompletedProcess[str]) -> str:
    """The tool's own last words on why not, such as `F: Reason: Called AE Title Not Recognized`."""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("F: ", "E: "))]
    return lines[-1].rpartition(": ")[2].strip(" .").lower() if lines else "nothing to be had"


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


# -- the box -----------------------------------------------------------------------------------------------------


@click.command()
@click.argument("state", type=click.Choice(("on", "off")), default="on")
@click.option("--to", type=MACHINE, default="imaging", show_default=True)
def dmz(state: str, to: str) -> None:
    """The box hands every port to one machine, or none."""
    running.attached().box.dmz(Host(to) if state == "on" else None)
    if state == "on":
        tell(
            f"The box hands every port to the {to} machine", "what knock, stranger-echo and stranger-scan now find"
        )
    else:
        tell("The box hands nothing on any more", "the alarm's end at the next knock")


@click.command()
def open_ipv6() -> None:
    """The box lets anybody in over IPv6."""
    cabinet = running.attached()
    cabinet.box.open_ipv6()
    tell(
        f"The box lets anybody in to [{cabinet.imaging.v6}]",
        "red after stranger-echo --ipv6: IPv6 needs no forward",
    )


@click.command()
def close_ipv6() -> None:
    """The box closes IPv6 again."""
    running.attached().box.close_ipv6()
    tell("The box lets nobody in over IPv6", "a stranger-echo --ipv6 that meets a refusal")


# -- what the sentinel sees by -----------------------------------------------------------------------------------


@click.command()
def unplug_mirror() -> None:
    """Pull the mirror cable."""
    running.attached().switch.carrier(False)
    tell("The mirror cable is out: the sentinel's card has no link", "blue within 10 s; an alarm stays red")


@click.command()
def plug_mirror() -> None:
    """Plug the mirror cable in again."""
    running.attached().switch.carrier(True)
    tell("The mirror cable is in", "the colour from before, once the next knock is seen on the mirror")


@click.command()
def mirror_off() -> None:
    """The switch stops copying, its cable still in."""
    running.attached().switch.mirror(False)
    tell("The switch copies nothing any more", "blue at the latest when the next knock is not seen on the mirror")


@click.command()
def mirror_on() -> None:
    """The switch copies the box's port again."""
    running.attached().switch.mirror(True)
    tell("The switch copies the box's port, both ways", "the colour from before, after the next knock")


@click.command()
def echo_off() -> None:
    """The echo goes away."""
    running.end_echo(running.attached().echo1)
    tell(
        "The echo answers nobody",
        "nothing at once: proofs grow old, yellow after 3 h, blue after 12 h; knock says why",
    )


@click.command()
def echo_on() -> None:
    """The echo comes back, the same as before."""
    cabinet = running.attached()
    running.end_echo(cabinet.echo1)
    running.echo(cabinet.echo1).start()
    tell("The echo answers again, under its own key", "a knock that is answered")


# -- everyday life -----------------------------------------------------------------------------------------------


@click.command()
def workstation_store() -> None:
    """The workstation stores images, as every day."""
    cabinet = running.attached()
    with tempfile.TemporaryDirectory() as folder:
        sent = [image.path for image in _images(folder)]
        done = imaging.storescu(cabinet.workstation, cabinet.imaging.v4, DICOM_PORT, sent)
    if done.returncode == 0:
        tell(
            f"The workstation stored {len(sent)} images on the imaging server",
            "no incident: that is what it is for",
        )
    else:
        tell(f"The workstation could not store: {_words(done)}", "nothing")


@click.command()
def vpn_client() -> None:
    """A machine of another private network associates."""
    cabinet = running.attached()
    done = imaging.echoscu(cabinet.vpn_client, cabinet.imaging.v4, DICOM_PORT, calling="TECHNICIAN")
    came = "was accepted" if done.returncode == 0 else f"was not accepted ({_words(done)})"
    tell(
        f"The VPN client {cabinet.vpn_client.v4} {came} at {cabinet.imaging.v4}:{DICOM_PORT}",
        "yellow: the page asks, once, whether that network is yours; the answer is remembered",
    )


@click.command()
def imaging_off() -> None:
    """Switch the imaging machine off."""
    cabinet = running.attached()
    cabinet.switch.switch_off(cabinet.imaging)
    tell("The imaging machine is off the network", "an open door called dormant by the next knock, never closed")


@click.command()
def imaging_on() -> None:
    """Switch the imaging machine on."""
    cabinet = running.attached()
    cabinet.switch.switch_on(cabinet.imaging)
    tell("The imaging machine is back", "the door that was dormant, open again at the next knock")


@click.command()
def status() -> None:
    """Say what the box does and what the sentinel says."""
    lab, cabinet = running.state(), running.attached()
    click.echo(f"Page {lab.page}, code {lab.code}")
    for port, (address, inside) in sorted(cabinet.box.forwards().items()):
        click.echo(f"The box forwards {cabinet.box.v4}:{port} to {address}:{inside}")
    if not cabinet.box.forwards():
        click.echo("The box forwards nothing")
    said = cabinet.pi.run(running.sentinel("status"), check=False)
    click.echo("The sentinel says: " + (said.stdout + said.stderr).strip())


TRIES = (
    (forward, "11112 4242"),
    (stranger_echo, ""),
    (workstation_store, ""),
    (stranger_find, ""),
    (stranger_get, ""),
    (knock_now, ""),
    (unforward, "11112"),
    (stranger_scan, ""),
    (dmz, "on|off"),
    (open_ipv6, ""),
    (close_ipv6, ""),
    (vpn_client, ""),
    (unplug_mirror, ""),
    (plug_mirror, ""),
    (mirror_off, ""),
    (mirror_on, ""),
    (imaging_off, ""),
    (imaging_on, ""),
    (echo_off, ""),
    (echo_on, ""),
    (status, ""),
)
"""Every gesture, in the order of a story, with the arguments of an example."""
