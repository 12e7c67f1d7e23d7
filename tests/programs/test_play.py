"""The recorded day: complete, in order, and signed."""

import shutil
import socket
from collections.abc import Callable, Iterable
from importlib.resources import files
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Thread

import pytest

from sentinel.capture.rare import KEPT
from sentinel.config import Capture, Config
from sentinel.decode.frame import read_frame
from sentinel.decode.rare import read_rare
from sentinel.errors import NotReadable
from sentinel.model.connection import Connection, Label
from sentinel.model.coverage import Coverage
from sentinel.model.machine import HostSighting, Portrait, Service, Uplink
from sentinel.model.moment import Moment
from sentinel.model.networks import Networks
from sentinel.places import Places
from sentinel.programs.listen import Ear
from sentinel.programs.play import Player, Scene, scenes
from sentinel.wire.facts import Inbox
from tests import rarities
from tests.builders import moment
from tests.rarities import PHONE_MAC, SERVER_MAC, SWITCH_MAC

DAY = Path(str(files("sentinel.recorded")))


def test_the_day_is_told_in_the_order_in_which_it_happened():
    """Three checks, each announced before it is answered, among the frames of a morning."""
    told = scenes(DAY)

    assert [each.at for each in told] == sorted(each.at for each in told)
    checks = ["asked" if each.asked else "answered" for each in told if each.asked or each.answered]
    assert checks == ["asked", "answered"] * 3
    assert sum(bool(each.frame) for each in told) > 40


def test_no_payload_was_ever_recorded():
    """Only headers and association requests: no frame is longer than the heads of an echo and a find."""
    day = scenes(DAY)

    assert max(len(each.frame) for each in day) < 600
    assert max(len(each.rare) for each in day) <= KEPT


def test_a_report_that_was_touched_is_not_played(tmp_path: Path):
    """One letter of a signed report changed, and the day is not told at all."""
    for name in ("day.pcap.gz", "rare.pcap.gz"):
        shutil.copy(DAY / name, tmp_path)
    records = (DAY / "day.jsonl").read_text()
    at = records.rindex('"payload"') + 40
    other = "A" if records[at] != "A" else "B"
    (tmp_path / "day.jsonl").write_text(records[:at] + other + records[at + 1 :])

    with pytest.raises(NotReadable):
        scenes(tmp_path)


# -- machines that tell of themselves -----------------------------------------------------------------------------


def played(folder: Path, day: list[Scene], enough: Callable[[list[object]], bool]) -> list[object]:
    """What `watch` is told by a player of that day, until it is enough."""
    places = Places(lasting=folder, passing=folder / "run")
    places.make()
    told: list[object] = []
    with socket.socket(socket.AF_UNIX) as watch:
        watch.bind(str(places.facts))
        watch.listen()
        watch.settimeout(20)
        player = Player(Config(capture=Capture(prefixes=("192.168.1.0/24",))), places)
        playing = Thread(target=player.play, args=(day,))
        playing.start()
        try:
            line, _ = watch.accept()
            with line:
                line.settimeout(20)
                inbox = Inbox()
                while not enough(told):
                    told += [parcel.fact for parcel in inbox.parcels(line.recv(1 << 16))]
        finally:
            player.stop()
            playing.join(10)
    assert not playing.is_alive()
    return told


def test_what_machines_tell_of_themselves_is_read_as_live_frames_are(tmp_path: Path):
    """In the child: a switch and its port, an offer, and the maker of a machine that was merely seen."""
    frames = [{"frame": rarities.arp()}, {"rare": rarities.lldp()}, {"rare": rarities.mdns(mac=PHONE_MAC)}]
    day = [Scene(at=moment(number).wall, **each) for number, each in enumerate(frames)]

    told = played(
        tmp_path,
        day,
        lambda told: {Uplink, HostSighting} <= set(map(type, told)) and len(portraits(told)) >= 3,
    )

    (uplink,) = (each for each in told if isinstance(each, Uplink))
    assert (uplink.switch, uplink.port) == (SWITCH_MAC, "gi1/0/3")
    assert {each.mac: each.vendor.partition(" ")[0] for each in portraits(told)} == {
        SERVER_MAC: "Raspberry",
        SWITCH_MAC: "Cisco",
        PHONE_MAC: "",
    }
    assert [each.service for portrait in portraits(told) for each in portrait.offers] == [Service.DICOM]
    assert all(each.unread == 0 for each in told if isinstance(each, Coverage))


def portraits(told: Iterable[object]) -> list[Portrait]:
    """Those among what was told."""
    return [each for each in told if isinstance(each, Portrait)]


def test_the_recorded_day_shows_what_is_spoken_who_made_a_machine_and_where_we_are_plugged_in():
    """A newcomer sees all that the sentinel can tell."""
    day = scenes(DAY)
    ear = Ear(Networks(own=(ip_network("192.168.77.0/24"),), box=(ip_address("192.168.77.1"),)), own_mac="")
    told = [
        fact
        for each in day
        for at in (Moment(wall=each.at, boot=each.at - day[0].at),)
        for fact in (
            *(ear.feed(read_frame(each.frame, at, filtered=True), at) if each.frame else ()),
            *(read_rare(each.rare, at) if each.rare else ()),
        )
    ]

    assert Label.HTTP in {each.label for each in told if isinstance(each, Connection)}
    assert {"Cisco", "Synology"} <= {each.vendor.partition(" ")[0] for each in portraits(told)}
    assert Service.DICOM in {each.service for portrait in portraits(told) for each in portrait.offers}
    assert any(isinstance(each, Uplink) for each in told)
