"""The box from inside: what it forwards is known before anyone knocks, and whose its address is."""

import json
from collections.abc import Callable

import pytest

from sentinel.model.exposure import Outcome
from sentinel.model.finding import Code, Level, StoryKind
from sentinel.model.incident import Incident, IncidentState
from sentinel.text import say
from tests.lab import imaging, plan, upnp
from tests.lab.cabinet import Cabinet
from tests.lab.doors import knock
from tests.story.sentinel import EchoHost, Sentinel
from tests.story.trouble import Tell

WITHIN = 60.0
"""Seconds, from the mapping to the finding."""


def _mapping(sentinel: Sentinel) -> Incident | None:
    return next((each for each in sentinel.incidents() if each.story.kind is StoryKind.MAPPING), None)


def _is_gone(sentinel: Sentinel) -> bool:
    told = _mapping(sentinel)
    return told is not None and told.state is IncidentState.CLOSED


def _offered(sentinel: Sentinel) -> bool:
    return any(each.code is Code.UPNP_OFFERED for each in sentinel.incidents())


def test_a_mapping_to_the_imaging_machine_is_red_within_a_minute_before_anyone_knocks(
    cabinet: Cabinet, with_echo: Sentinel, tell: Tell
):
    """A program of the LAN opens it; the sentinel says so, has the echo prove it, and sees it go again."""
    imaging.orthanc(cabinet.imaging)
    with_echo.wait(lambda: with_echo.level() is Level.CALM, "calm", 25)
    upnp.turn_on(cabinet.box)
    knock(cabinet.imaging, cabinet.echo2.v4, 443)  # the machine has been seen on the LAN before

    upnp.ask_for(cabinet.workstation, 40_104, 4242, cabinet.imaging.v4)
    took = with_echo.wait(lambda: with_echo.level() is Level.ALARM, "the alarm", WITHIN)

    tell("from a new mapping to red, no knock", took)
    assert with_echo.codes() >= {Code.MAPPING_OPENED}
    assert Code.DOOR_REACHABLE not in with_echo.codes()
    assert not with_echo.sql("SELECT * FROM connections WHERE standing = 'stranger'")
    with_echo.wait(lambda: _mapping(with_echo) is not None, "its row, which the lamp does not wait for")
    told = _mapping(with_echo)
    assert told is not None
    assert (told.machine, told.mac, told.port, told.outside_port) == (
        cabinet.imaging.v4,
        cabinet.imaging.mac,
        4242,
        40_104,
    )
    took = with_echo.wait(
        lambda: with_echo.sql("SELECT 1 FROM exposures WHERE port = 40104 AND reach = 'open'"),
        "the echo's proof",
        40,
    )
    tell("until the echo has proved it", took)

    upnp.take_back(cabinet.workstation, 40_104)
    took = with_echo.wait(lambda: _is_gone(with_echo), "the end of the mapping", WITHIN)

    tell("from its end to the end of the story", took)
    assert with_echo.level() is Level.ALARM  # the door was proved open, and only a check proves it closed
    code, table = with_echo.command("knock")
    assert code in (0, 1), table
    assert with_echo.sql("SELECT state FROM incidents WHERE code = 'door_reachable'") == [("closed",)]


@pytest.mark.parametrize("version", [1, 2])
def test_the_mappings_of_both_versions_are_listed(cabinet: Cabinet, sentinel: Sentinel, version: int):
    """`sentinel box`: what, to whom, asked by whom; found by the running sentinel at its first look as well."""
    upnp.turn_on(cabinet.box, version=version)
    upnp.ask_for(cabinet.workstation, 40_104, 104, cabinet.imaging.v4, text="DICOM Viewer")
    upnp.ask_for(cabinet.workstation, 6881, 6881, cabinet.workstation.v4, transport="UDP", text="")

    code, said = sentinel.command("box")

    assert code == 0, said
    assert say("fr", "box.reading.read", version=version) in said
    assert f"40104/tcp  → {cabinet.imaging.v4}:104" in said or "40104/tcp  → RADIO-PC" in said
    assert "DICOM Viewer" in said
    assert f" 6881/udp  → {cabinet.workstation.v4}:6881" in said
    assert f"{cabinet.box.v4} selon la box" in said
    assert "PCP oui, NAT-PMP oui" in said


@pytest.mark.parametrize("address", ["100.64.0.2", "192.168.0.10"], ids=["provider", "second router"])
def test_a_box_that_is_not_on_the_internet_itself_says_so(cabinet: Cabinet, sentinel: Sentinel, address: str):
    """Shared by the provider or behind another router: strangers do not meet this box, and nobody claims it."""
    cabinet.box.run(["ip", "address", "replace", f"{address}/24", "dev", "wan0"])
    cabinet.box.run(["ip", "address", "delete", f"{cabinet.box.v4}/{plan.WAN4.prefixlen}", "dev", "wan0"])
    upnp.turn_on(cabinet.box)

    code, said = sentinel.command("box")
    reading = json.loads(sentinel.command("box", "--json")[1])

    assert code == 0, said
    assert say("fr", "box.whose.behind_router") in said
    assert (reading["wan"], reading["addressless"], reading["natpmp"]) == (None, True, True)


@pytest.mark.parametrize(
    ("declared", "outcome", "level", "words"),
    [
        ("", Outcome.ADDRESS_DOUBTFUL, Level.UNSURE, "Un autre routeur se trouve devant la box"),
        (
            'address = "shared"\ndeclared_by = "the provider, 2026-11-23"\n',
            Outcome.NOT_OURS,
            Level.CALM,
            "partagée entre plusieurs abonnés",
        ),
    ],
    ids=["nobody has said whose", "declared as shared"],
)
def test_an_address_that_may_be_a_neighbours_is_not_knocked_at(
    cabinet: Cabinet,
    make_sentinel: Callable[[str], Sentinel],
    echo: EchoHost,
    declared: str,
    outcome: Outcome,
    level: Level,
    words: str,
):
    """Something stands before the box: unsure until somebody says what; then IPv4 counts as closed, as it says."""
    cabinet.box.run(["ip", "link", "add", "wan9", "type", "veth", "peer", "name", "wan9-far"])
    cabinet.box.run(["ip", "link", "set", "wan9-far", "up"])
    cabinet.box.run(["ip", "link", "set", "wan9", "up"])
    cabinet.box.run(["ip", "address", "add", "100.64.0.2/32", "dev", "wan9"])
    upnp.turn_on(cabinet.box, card="wan9")
    made = make_sentinel(f'[echo]\ninvitation = "{echo.invite()}"\n{declared}')

    made.wait(lambda: len(made.sql("SELECT 1 FROM outcomes")) >= 2, "both families", 30)
    made.wait(lambda: made.level() is level, "its verdict", 30)

    found = dict(made.sql("SELECT family, outcome FROM outcomes"))
    assert found == {4: outcome.value, 6: Outcome.CHECKED.value}
    assert made.sql("SELECT 1 FROM exposures WHERE family = 4 AND reach != 'untested'") == []
    assert words in made.page()[1]


def test_the_kernel_knows_the_boxs_hardware_address_and_sees_another(cabinet: Cabinet):
    """The box is replaced overnight: same address, other hardware."""

    def seen() -> str:
        knock(cabinet.pi, cabinet.echo2.v4, 443)
        return str(json.loads(cabinet.pi.python("-m", "sentinel.capture.surroundings").stdout)["box_mac"])

    assert seen() == plan.nic("box", "lan0").mac
    cabinet.box.run(["ip", "link", "set", "lan0", "address", "02:ca:b0:00:00:99"])
    cabinet.pi.run(["ip", "neighbour", "flush", "dev", "lan0"])

    assert seen() == "02:ca:b0:00:00:99"
