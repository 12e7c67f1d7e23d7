import re
from ipaddress import ip_address

import pytest

from sentinel.dsse import encode
from sentinel.echo.planning import draw
from sentinel.echo.protocol import ALL_PORTS, REPORT_BYTES, SELF, Request, Target
from sentinel.echo.settings import SOURCE_PORTS, Source
from sentinel.model.exposure import PortList
from sentinel.services import DOOR_TEST_PORT, known_ports, port_list

HOME = ip_address("192.0.2.7")
SOURCE = Source(local=ip_address("10.0.0.5"), seen_as=ip_address("198.51.100.20"))


def errand(
    ports=PortList.HOURLY,
    extra_ports=(),
    expect_open=(),
    port_share=ALL_PORTS,
    identify="none",
    known=None,
    **words,
):
    request = Request(
        v=1,
        aud="echo.example.org",
        challenge="c",
        nonce="n",
        family=4,
        targets=[Target(addr=SELF)],
        ports=ports,
        tls_cert="",
        port_share=port_share,
        extra_ports=list(extra_ports),
        expect_open=list(expect_open),
        identify=identify,
        known=known or {},
    )
    return draw(request, HOME, SOURCE, **words)


def ports(probes):
    return sorted(probe.target_port for probe in probes)


@pytest.mark.parametrize("name", PortList)
def test_a_named_list_is_knocked_at_whole(name):
    """14 hourly, 48 in full."""
    assert ports(errand(name).listed) == list(port_list(name))


def test_extra_ports_join_the_list_once():
    """104 is already there."""
    assert ports(errand(extra_ports=[8006, 104, 8006]).listed) == sorted([*port_list(PortList.HOURLY), 8006])


def test_declared_doors_are_knocked_at_once_and_apart():
    """Last of all, so they are not among the others."""
    drawn = errand(expect_open=[1194, 104])

    assert ports(drawn.controls) == [104, 1194]
    assert 104 not in ports(drawn.listed)
    assert drawn.probes[-2:] == drawn.controls


def test_two_decoys_are_doors_nobody_has_heard_of():
    """High, unlisted, different each time."""
    drawn = [ports(errand().decoys) for _ in range(50)]

    assert {len(decoys) for decoys in drawn} == {2}
    assert not {port for decoys in drawn for port in decoys} & set(known_ports())
    assert min(decoys[0] for decoys in drawn) >= 30_000
    assert len({tuple(decoys) for decoys in drawn}) > 40


def test_every_knock_has_a_source_port_of_its_own():
    """Behind the box that is all that tells them apart."""
    probes = errand(PortList.FULL, extra_ports=range(9000, 9012), expect_open=[1194]).probes

    assert len({probe.source_port for probe in probes}) == len(probes)
    assert all(probe.source_port in SOURCE_PORTS for probe in probes)


def test_the_plan_announces_every_knock_as_strangers_see_it():
    """From the public address, at "self"."""
    drawn = errand(expect_open=[1194])
    plan = drawn.plan()

    assert {probe.from_ for probe in plan.probes} == {"198.51.100.20"}
    assert {probe.addr for probe in plan.probes} == {SELF}
    assert [(probe.sport, probe.port) for probe in plan.probes] == [
        (probe.source_port, probe.target_port) for probe in drawn.probes
    ]
    assert plan.target.addr == "192.0.2.7"


def test_a_neighbours_share_of_an_address_is_left_alone():
    """Only the caller's ports are dialled, the decoys too; the rest is told as out of range."""
    drawn = errand(PortList.FULL, port_share=(16384, 32767))

    assert all(16384 <= probe.target_port <= 32767 for probe in drawn.probes)
    assert len(drawn.decoys) == 2
    assert sorted([*ports(drawn.listed), *drawn.out_of_share]) == list(port_list(PortList.FULL))


def test_a_list_nobody_knows_is_an_error():
    """It was checked before."""
    with pytest.raises(ValueError, match="nmap"):
        errand("nmap-top-1000")


KNOWN = {"104": "dicom", "1194": "silent"}


@pytest.mark.parametrize(
    ("identify", "spared", "asked", "tls"),
    [
        ("none", (), 0, False),
        ("guess", (), 0, False),  # a word of a later version
        ("new_no_tls", (), 13, False),
        ("new", (), 13, True),
        ("new", (104, 4242), 12, True),
        ("all", (), 15, True),
        ("all", (104, 4242), 13, True),
    ],
)
def test_the_doors_that_may_be_asked_are_those_the_caller_does_not_know(identify, spared, asked, tls):
    """The list and the declared doors; all of them only at a button, and what is spared never."""
    drawn = errand(expect_open=[1194], identify=identify, known=KNOWN, spared=spared)

    assert (len(drawn.asks), drawn.tls) == (asked, tls)
    assert not {ask.port for ask in drawn.asks} & {*spared, *ports(drawn.decoys)}


def test_every_connection_that_asks_is_announced_with_a_port_of_its_own():
    """Three for each door, none of them a knock's."""
    drawn = errand(PortList.FULL, identify="all")
    plan = drawn.plan()
    sports = [probe.source_port for probe in drawn.probes] + [sport for ask in plan.asks for sport in ask.sports]

    assert {len(ask.sports) for ask in plan.asks} == {3}
    assert len(set(sports)) == len(sports) == 50 + 3 * 48
    assert {ask.from_ for ask in plan.asks} == {"198.51.100.20"}
    assert [ask.first.target_port for ask in drawn.asks] == [ask.again.target_port for ask in drawn.asks]


def test_the_largest_plan_fits_its_envelope():
    """48 listed, 16 more, and all of them may be asked."""
    drawn = errand(PortList.FULL, extra_ports=range(9200, 9216), identify="all")

    assert len(encode(drawn.plan())) < REPORT_BYTES / 2


def test_a_mark_is_an_ae_title_of_this_check_alone():
    """64 bits that nobody can guess."""
    marks = {errand().mark for _ in range(50)}

    assert len(marks) == 50
    assert all(re.fullmatch("SNT[A-Z2-7]{13}", mark) for mark in marks)
    assert errand(identify="all").plan().mark


def test_what_the_hoster_filters_is_told_and_not_dialled():
    """Silence there would say nothing of the practice, a declared door neither."""
    drawn = errand(expect_open=[25, 1194], extra_ports=[8006], blocked=frozenset({25, 104}))

    assert drawn.blocked == (25, 104)
    assert not {25, 104} & {probe.target_port for probe in drawn.probes}
    assert ports(drawn.controls) == [1194]


@pytest.mark.parametrize("share", [ALL_PORTS, (0, 65_534), (16_384, 49_152)])
def test_without_a_share_of_its_own_nothing_of_a_shared_address_is_dialled(share):
    """A share that reaches into the quarter of another is none."""
    drawn = errand(expect_open=[1194], port_share=share, others=frozenset({3}))

    assert drawn.probes == ()
    assert drawn.shared == port_list(PortList.HOURLY)
    assert drawn.out_of_share == ()


def test_on_a_shared_address_the_declared_share_is_dialled():
    """And the rest is told as a neighbour's."""
    drawn = errand(PortList.FULL, port_share=(0, 16_383), others=frozenset({1, 3}))

    assert drawn.listed
    assert all(probe.target_port < 16_384 for probe in drawn.probes)
    assert drawn.shared == tuple(port for port in port_list(PortList.FULL) if port >= 16_384)


def test_a_retest_asks_only_what_it_names():
    """With its decoys and controls."""
    drawn = errand(PortList.RETEST, extra_ports=[11112], expect_open=[1194])

    assert (ports(drawn.listed), ports(drawn.controls), len(drawn.decoys)) == ([11112], [1194], 2)


@pytest.mark.parametrize(
    "share", [(0, 10**9), (65_000, 10**9), (40_000, 40_003), (30_000, 30_000), (1_024, 1_026)]
)
def test_decoys_are_ports_of_the_share(share):
    """Whatever somebody declares."""
    drawn = ports(errand(port_share=share).decoys)

    assert 1 <= len(drawn) <= 2
    assert all(share[0] <= port <= min(share[1], 65_535) for port in drawn)


def test_the_sentinels_own_listener_is_not_asked_who_it_is():
    """It opens for the knock alone."""
    drawn = errand(PortList.RETEST, extra_ports=[DOOR_TEST_PORT, 8006], identify="all")

    assert [ask.port for ask in drawn.asks] == [8006]
