"""What can be done to the cabinet of `./dev lab` from another terminal: each says what it did and what to see."""

import tempfile

import click

from tests.lab import imaging, running, upnp
from tests.lab.host import Host
from tests.lab.running import DICOM_PORT
from tests.lab.strangers import stranger_echo, stranger_find, stranger_get, stranger_scan, vpn_client
from tests.lab.telling import last_words, tell

PORT = click.IntRange(1, 65535)
MACHINE = click.Choice(("imaging", "workstation", "pi"))

# -- a door, open and closed -------------------------------------------------------------------------------------


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


@click.command("upnp")
@click.argument("state", type=click.Choice(("on", "off")), default="on")
def upnp_now(state: str) -> None:
    """The box opens doors for whoever asks, or no longer."""
    box = running.attached().box
    if (state == "on") is (upnp.PORT in box.listening()):
        raise click.ClickException(f"UPnP is {state} already")
    if state == "on":
        upnp.turn_on(box)
        tell("The box opens doors to any program that asks", "a line among the notes within a minute; then map")
    else:
        upnp.turn_off(box)
        tell("The box opens doors no more, and has closed them", "an alarm that ends at the next knock")


@click.command("map")
@click.argument("outside", type=PORT)
@click.argument("inside", type=PORT, required=False)
@click.option("--to", type=MACHINE, default="imaging", show_default=True)
def map_port(outside: int, inside: int | None, to: str) -> None:
    """A program on the workstation has the box open a door."""
    cabinet, inside = running.attached(), inside or outside
    if upnp.PORT not in cabinet.box.listening():
        raise click.ClickException("the box grants nothing: upnp on")
    upnp.ask_for(cabinet.workstation, outside, inside, Host(to).v4)
    tell(
        f"The box opens {cabinet.box.v4}:{outside} to the {to} machine, {Host(to).v4}:{inside}",
        "red within a minute where it leads to imaging, yellow elsewhere; nobody has knocked yet",
    )


@click.command("unmap")
@click.argument("outside", type=PORT)
def unmap_port(outside: int) -> None:
    """The same program has the box close it."""
    cabinet = running.attached()
    if upnp.PORT not in cabinet.box.listening():
        raise click.ClickException("the box grants nothing: upnp on")
    upnp.take_back(cabinet.workstation, outside)
    tell(f"The box has closed port {outside}", "the end of that story within a minute")


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
        sent = [image.path for image in running.images(folder)]
        done = imaging.storescu(cabinet.workstation, cabinet.imaging.v4, DICOM_PORT, sent)
    if done.returncode == 0:
        tell(
            f"The workstation stored {len(sent)} images on the imaging server",
            "no incident: that is what it is for",
        )
    else:
        tell(f"The workstation could not store: {last_words(done)}", "nothing")


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
    (upnp_now, "on|off"),
    (map_port, "11112 4242"),
    (unmap_port, "11112"),
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
