"""The recorder of the demonstration's day: what it writes, on a cable of its own and without a cabinet."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sentinel.capture.rare import rare_program
from sentinel.decode.rare import read_rare
from sentinel.model.machine import Portrait, Service, Uplink
from sentinel.programs.play import DAY, RARE, scenes
from tests.builders import PATIENT, Talk, moment
from tests.capture import cable
from tests.capture.bpf import run
from tests.lab.introductions import STORAGE_MAC, SWITCH_MAC, asks_for_the_box, offers, switch
from tests.lab.record_day import __file__ as script

RECORDED = Path(script).resolve().parents[2] / "sentinel" / "recorded"
SERVICES = offers(STORAGE_MAC, "192.168.77.66", "_smb._tcp", 445, "stockage")


@pytest.mark.parametrize("frame", [switch(), SERVICES])
def test_what_the_machines_of_that_day_say_is_what_the_kernel_hands_over(frame):
    """Whole: none is longer than what is kept."""
    assert run(rare_program(), frame) >= len(frame)


def test_what_they_say_is_a_switch_and_an_offer():
    """As `dissect` reads them."""
    asks = asks_for_the_box(STORAGE_MAC, "192.168.77.66", "192.168.77.1")
    told = [fact for frame in (switch(), SERVICES, asks) for fact in read_rare(frame, moment())]
    uplinks = [(each.switch, each.port) for each in told if isinstance(each, Uplink)]
    portraits = [each for each in told if isinstance(each, Portrait)]

    assert uplinks == [(SWITCH_MAC, "gi1/0/2")]
    assert {(each.service, each.port) for portrait in portraits for each in portrait.offers} == {
        (Service.SMB, 445)
    }
    assert {each.vendor.partition(" ")[0] for each in portraits} == {"Cisco", "Synology"}


@pytest.mark.lab
def test_rare_frames_have_a_file_of_their_own_and_none_ends_the_recording(tmp_path):
    """A switch speaks in the middle of a talk: both are kept, each where it belongs, and of a payload nothing."""
    cable.need()
    talk = Talk()
    words = [*talk.handshake(), talk.asks(PATIENT * 40)]
    frames = [talk.frame(word) for word in words]
    command = (sys.executable, "-m", "tests.lab.record_day", "tape", str(tmp_path), cable.CARD)
    with cable.cable() as laid:
        tape = laid.start("right", *command)
        cable.wait_until((tmp_path / RARE).exists)
        laid.inject([frames[0], switch(), *frames[1:], SERVICES])
        cable.wait_until(lambda: tape.poll() is not None or _pause(tape))
    shutil.copy(RECORDED / "day.jsonl", tmp_path)

    told = scenes(tmp_path)

    assert [each.rare for each in told if each.rare] == [switch(), SERVICES]
    assert sum(bool(each.frame) for each in told) >= 3
    assert not any(PATIENT in each.frame or PATIENT in each.rare for each in told)


def _pause(tape: subprocess.Popen[bytes]) -> bool:
    """A second for what is on its way, then the end of the day."""
    try:
        tape.wait(1)
    except subprocess.TimeoutExpired:
        tape.send_signal(signal.SIGTERM)
    return False


def test_the_day_is_written_where_the_player_looks_for_it():
    """By the same names."""
    assert {each.name for each in RECORDED.iterdir()} >= {DAY, RARE, "day.jsonl", "day.toml"}
