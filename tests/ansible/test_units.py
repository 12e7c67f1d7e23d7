"""What each unit gives away, on an installed machine, on a card and on an echo: no guest is needed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sentinel.programs.carrying import PLACE
from sentinel.signals import leds

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = "usr/lib/systemd/system"
INSTALLED = ROOT / "ansible/roles/sentinel/files/rootfs"
CARD = ROOT / "image-build/rootfs"
ECHO = ROOT / "ansible/roles/echo/files/rootfs"
SANDBOX = f"{SYSTEM}/sentinel-.service.d/50-sandbox.conf"
TREES = {"installed": (INSTALLED,), "card": (INSTALLED, CARD), "echo": (ECHO,), "both": (INSTALLED, ECHO)}
MOST = 2.5


def laid(folder: Path, trees: tuple[Path, ...]) -> Path:
    """These trees in one root; how the echo is called is each machine's own."""
    for tree in trees:
        shutil.copytree(tree, folder, dirs_exist_ok=True)
    if ECHO in trees:
        called = folder / "etc/systemd/system/sentinel-echo.service.d/called.conf"
        called.parent.mkdir(parents=True)
        called.write_text("[Service]\nExecStart=/opt/sentinel-echo/bin/sentinel echo serve\n")
    return folder


def units(*trees: Path) -> list[Path]:
    """The services of these trees."""
    return sorted(unit for tree in trees for unit in (tree / SYSTEM).glob("sentinel*.service"))


def settings(*files: Path) -> dict[str, list[str]]:
    """What [Service] says, in the order systemd reads these files."""
    found: dict[str, list[str]] = {}
    for file in files:
        for line in file.read_text().partition("[Service]")[2].partition("\n[")[0].splitlines():
            key, is_one, value = line.partition("=")
            if is_one and not line.startswith("#"):
                found.setdefault(key, []).append(value)
    return found


def effective(unit: Path) -> dict[str, list[str]]:
    """With the sandbox of all; the echo's units lie on a machine where it need not be."""
    return settings(unit) if unit.is_relative_to(ECHO) else settings(unit, INSTALLED / SANDBOX)


def need_analyze() -> None:
    """Skip, or fail where it is required, without a systemd that judges files."""
    words = ["systemd-analyze", "--help"]
    told = (
        subprocess.run(words, capture_output=True, text=True, check=False).stdout if shutil.which(words[0]) else ""
    )
    if "--offline" not in told:
        (pytest.fail if os.environ.get("SENTINEL_IMAGE") == "required" else pytest.skip)("systemd 250 is needed")


def known(unit: Path) -> str:
    """Its name, for whoever reads which test failed."""
    return unit.stem


@pytest.mark.parametrize("machine", TREES)
def test_a_unit_gives_away_little(tmp_path, machine):
    """A hole in it opens hardly more than its own work: systemd's own count, of which 10 is everything."""
    need_analyze()
    root = laid(tmp_path / "root", TREES[machine])
    scores = {}
    for unit in units(root):
        asked = ["systemd-analyze", "security", "--offline=true", f"--root={root}", "--no-pager", unit.name]
        done = subprocess.run(
            [*asked, f"--threshold={MOST * 10:.0f}"], capture_output=True, text=True, check=False
        )
        told = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
        assert told, done.stdout + done.stderr
        scores[unit.stem] = float(told[1])
        print(f"{machine}: {unit.stem}: {told[1]}")
        assert (done.returncode == 0) is (scores[unit.stem] <= MOST), done.stderr

    assert len(scores) >= 3
    assert {name: score for name, score in scores.items() if score > MOST} == {}


@pytest.mark.parametrize("unit", units(INSTALLED, CARD), ids=known)
def test_what_holds_for_all_is_said_once(unit):
    """A copy would be read twice, and another value would be overruled: the common lines are read last."""
    own, shared = settings(unit), settings(INSTALLED / SANDBOX)

    assert own.keys() & shared.keys() <= {"RestrictAddressFamilies"}, "of the common settings this alone is a list"
    assert "@" not in unit.name, "a prefix of an instance is another folder: sentinel-@.service.d"


@pytest.mark.parametrize("unit", units(ECHO), ids=known)
def test_an_echo_is_the_same_with_and_without_a_sentinel_beside_it(unit):
    """The common lines reach its units too, by their name: each of them must be its own already."""
    own, shared = settings(unit), settings(INSTALLED / SANDBOX)

    assert set(own["RestrictAddressFamilies"][0].split()) >= set(shared.pop("RestrictAddressFamilies"))
    assert {key: own.get(key) for key in shared} == shared


@pytest.mark.parametrize("unit", units(INSTALLED, CARD, ECHO), ids=known)
def test_a_unit_is_bounded(unit):
    """In memory, tasks or time; and it writes no core, which would hold what passed on the wire."""
    bounds = effective(unit)

    assert bounds["LimitCORE"] == ["0"]
    assert re.fullmatch(r"\d+M", bounds["MemoryMax"][-1])
    assert bounds["UMask"] in (["0077"], ["0027"])
    assert "ProtectHostname" in bounds or unit.stem == "sentinel-boot", "which alone names the machine"
    # A oneshot would otherwise start for ever; any other waits for 90 s.
    assert "TimeoutStartSec" in bounds or bounds.get("Type", ["simple"]) == ["simple"]


LINKS = re.compile(r"-?/sys/(block|class/[^/]+|bus/[^/]+/(devices|drivers)|dev/(block|char))/?")


@pytest.mark.parametrize("unit", units(INSTALLED, CARD, ECHO), ids=known)
def test_what_may_be_written_in_sys_is_named_link_by_link(unit):
    """systemd follows a link that is named; where it opens a folder of links, what they lead to stays shut."""
    paths = [path for line in effective(unit).get("ReadWritePaths", ()) for path in line.split()]

    assert [path for path in paths if LINKS.fullmatch(path)] == []


@pytest.mark.parametrize("name", ["dark", "watch"])
def test_whoever_drives_or_puts_out_the_boards_own_light_may_write_it(name):
    """By each name that kernels give it."""
    lines = effective(INSTALLED / SYSTEM / f"sentinel-{name}.service")["ReadWritePaths"]
    named = {path for path in " ".join(lines).split() if path.startswith("-/sys/")}

    assert named == {f"-{leds.FOLDER / each}" for each in leds.NAMES}


def order(unit: str, *trees: Path) -> dict[str, set[str]]:
    """After and Before of a unit, where it lies."""
    text = next(tree / SYSTEM / unit for tree in trees if (tree / SYSTEM / unit).exists()).read_text()
    return {
        key: {name for line in re.findall(rf"^{key}=(.*)", text, re.MULTILINE) for name in line.split()}
        for key in ("After", "Before", "Wants", "Requires", "Requisite", "BindsTo", "PartOf")
    }


def test_the_lamp_goes_out_when_its_pins_are_known_and_before_anybody_lights_it():
    """On a card the flasher named them; elsewhere there is no such unit, and nothing waits for it."""
    dark, boot = order("sentinel-dark.service", INSTALLED), order("sentinel-boot.service", CARD)

    assert {"sentinel-boot.service", "systemd-udevd.service"} <= dark["After"]
    assert "sentinel-watch.service" in dark["Before"]
    assert not [each for key in ("Wants", "Requires", "Requisite", "BindsTo", "PartOf") for each in dark[key]]
    assert "sentinel-dark.service" not in boot["After"]
    rule = (CARD / "etc/udev/rules.d/90-board-lights.rules").read_text()
    assert re.search(r'KERNEL=="ACT\|.*ATTR\{trigger\}="none", ATTR\{brightness\}="0"', rule), (
        "the board's own, before"
    )


def test_an_update_is_fetched_by_who_has_no_right_and_written_by_who_has_no_network():
    """A hole in TLS, HTTP or a name's answer is not a hole in the card's systems."""
    fetch, update = (effective(CARD / SYSTEM / f"sentinel-{name}.service") for name in ("fetch", "update"))

    assert (fetch["DynamicUser"], fetch["CapabilityBoundingSet"]) == (["yes"], [""])
    assert (update["PrivateNetwork"], update["RestrictAddressFamilies"]) == (["yes"], ["AF_UNIX"])
    assert "SocketMode=0600\n" in (CARD / SYSTEM / "sentinel-fetch.socket").read_text()
    assert f"ListenStream={PLACE}\n" in (CARD / SYSTEM / "sentinel-fetch.socket").read_text()
