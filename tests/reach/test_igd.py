"""What the box's UPnP service tells, read by the real library from a real server, honest or hostile."""

import gzip
import resource
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel.model.box import Mapping, Transport
from sentinel.reach import igd
from sentinel.reach.igd import BODY, MAPPINGS, Told, read_igd
from tests.reach.fakebox import FakeBox, description, elsewhere, entry, fault, reply, scpd, service

GENERIC = "GetGenericPortMappingEntry"


@pytest.fixture
def box() -> Iterator[FakeBox]:
    with FakeBox().up(ssdp=0, pcp=0) as up:
        yield up


def read(box: FakeBox, lasts: float = 5) -> Told:
    begun = time.monotonic()
    told = read_igd(box.url, box.address, lasts=lasts)
    assert time.monotonic() - begun < lasts + 2
    return told


# -- an honest box -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "kind"), [(1, "WANIPConnection:1"), (2, "WANIPConnection:2"), (1, "WANPPPConnection:1")]
)
def test_both_versions_and_both_kinds_of_line_are_read_to_the_end(box, version, kind):
    box.is_honest(entry(), entry(51820, 51820, transport="UDP", lease=3600), version=version, kind=kind)

    told = read(box)

    assert (told.igd, told.wan, told.complete, told.trouble) == (version, IPv4Address("25.0.0.7"), True, [])
    machine = IPv4Address("192.168.1.66")
    assert told.mappings == [
        Mapping(transport=Transport.TCP, outside_port=11112, machine=machine, inside_port=4242, text="Viewer"),
        Mapping(
            transport=Transport.UDP,
            outside_port=51820,
            machine=machine,
            inside_port=51820,
            lease=timedelta(hours=1),
            text="Viewer",
        ),
    ]
    assert {each for each in box.asked if "Get" in each} <= {"GetExternalIPAddress", "GetStatusInfo", GENERIC}


def test_a_mapping_keeps_what_limits_it(box):
    box.is_honest(entry(enabled=0, remote="25.1.0.9"))

    [mapping] = read(box).mappings

    assert not mapping.enabled
    assert mapping.remote == IPv4Address("25.1.0.9")


@pytest.mark.parametrize(("firewall", "lets_in"), [(1, False), (0, True), (None, None)])
def test_the_ipv6_firewall_is_told_where_there_is_one(box, firewall, lets_in):
    box.is_honest(firewall=firewall, version=2)

    assert read(box).ipv6_inbound is lets_in


def test_a_box_that_is_connected_without_an_address_says_so(box):
    """As miniupnpd does behind the provider's address sharing."""
    box.is_honest(wan="")

    told = read(box)

    assert (told.wan, told.connected) == (None, True)


# -- a poor one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        entry(machine="radio-pc"),
        entry(outside=0),
        entry(transport="SCTP"),
        entry(outside="11112; drop"),
        entry(remote="anybody"),
        {"NewExternalPort": 104},
    ],
    ids=lambda each: " ".join(map(str, each.values())),
)
def test_an_entry_that_makes_no_sense_spoils_the_list_and_not_the_others(box, broken):
    """What could not be read may be the very mapping that matters."""
    box.is_honest(entry(8080, 80), broken, entry())

    told = read(box)

    assert [each.outside_port for each in told.mappings] == [8080, 11112]
    assert not told.complete
    assert told.trouble


@pytest.mark.parametrize("code", [402, 501, 606, 714])
def test_a_list_that_ends_with_any_other_error_may_have_been_cut_short(box, code):
    box.is_honest(entry())
    box.actions[GENERIC][-1] = (500, fault(code))

    told = read(box)

    assert (len(told.mappings), told.complete) == (1, False)


def test_a_list_without_end_is_cut_at_64(box):
    box.is_honest(*(entry(20_000 + number) for number in range(MAPPINGS + 5)))

    told = read(box)

    assert (len(told.mappings), told.complete) == (MAPPINGS, False)
    assert box.asked.count(GENERIC) == MAPPINGS + 1


def test_exactly_64_mappings_are_a_whole_list(box):
    box.is_honest(*(entry(20_000 + number) for number in range(MAPPINGS)))

    assert read(box).complete


def test_a_box_that_answers_every_number_with_the_same_mapping_has_one(box):
    box.is_honest(entry())
    box.actions[GENERIC].pop()

    told = read(box)

    assert (len(told.mappings), told.complete) == (1, False)


def test_a_text_is_made_printable_and_short(box):
    """Terminals and pages show it: no escapes, no turning round, 80 characters."""
    box.is_honest(entry(text="\u202eViewer\x85\u2028 <b>" + "x" * 500))

    [mapping] = read(box).mappings

    assert mapping.text.startswith("Viewer <b>xxx")
    assert len(mapping.text) == 80
    assert mapping.text.isprintable()


@pytest.mark.parametrize("path", ["/desc.xml", "/conn.xml"])
def test_what_is_missing_is_not_read(box, path):
    box.is_honest(entry())
    del box.paths[path]

    told = read(box)

    assert (told.complete, told.mappings) == (False, [])
    assert told.trouble


# -- a hostile one -----------------------------------------------------------------------------------------------


def redirect(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", f"http://{to}/")
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


@pytest.mark.parametrize("path", ["/desc.xml", "/conn.xml"])
def test_no_redirect_is_followed(box, path):
    box.is_honest(entry())
    with elsewhere() as (other, visitors):
        box.paths[path] = redirect(other)
        told = read(box)
        time.sleep(0.1)

    assert visitors == []
    assert (told.complete, told.mappings) == (False, [])


@pytest.mark.parametrize("which", ["control", "scpd"])
def test_no_other_host_is_spoken_to_whatever_the_description_names(box, which):
    """The box could make us knock at any address of the LAN, with our own address as the sender."""
    box.is_honest(entry())
    with elsewhere() as (other, visitors):
        named = {which: f"http://{other}/x"}
        box.paths["/desc.xml"] = description(1, service("WANIPConnection:1", "conn", **named))
        told = read(box)
        time.sleep(0.1)

    assert visitors == []
    assert (told.complete, told.mappings) == (False, [])


def test_a_description_elsewhere_is_not_even_asked_for(box):
    """Whoever hands the address in: the requester itself refuses."""
    with elsewhere() as (other, visitors):
        told = read_igd(f"http://{other}/desc.xml", box.address)
        time.sleep(0.1)

    assert visitors == []
    assert told.trouble == ["not understood: UpnpCommunicationError"]


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100_000):
        request.wfile.write(b"<a>" + b" " * 65_536)


def zipped(request: BaseHTTPRequestHandler) -> None:
    bomb = gzip.compress(b"<a/>" * 250_000, 9) * 80  # 80 MB in 80 KB
    request.send_response(200)
    request.send_header("Content-Encoding", "gzip")
    request.send_header("Content-Length", str(len(bomb)))
    request.end_headers()
    request.wfile.write(bomb)


def slow(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.1)


LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>%s]><root>&a20;</root>" % b"".join(
    b"<!ENTITY a%d '&a%d;&a%d;&a%d;'>" % (n, n - 1, n - 1, n - 1) for n in range(1, 21)
)
QUADRATIC = b"<!DOCTYPE l [<!ENTITY a '%s'>]><root>%s</root>" % (b"x" * 60_000, b"&a;" * 30_000)
OUTSIDE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><root>&a;</root>'
DEEP = b"<root xmlns='urn:schemas-upnp-org:device-1-0'>" + b"<device><deviceList>" * 12_000
NESTED = (
    b"<root xmlns='urn:schemas-upnp-org:device-1-0'>"
    + b"<device><deviceList>" * 5000
    + b"</deviceList></device>" * 5000
    + b"</root>"
)
FLAT = b"<root>" + b"<a/>" * 60_000 + b"</root>"
HOSTILE: dict[str, object] = {
    "endless": endless,
    "a gzip bomb": zipped,
    "slow": slow,
    "a billion laughs": LAUGHS,
    "quadratic growth": QUADRATIC,
    "an outside entity": OUTSIDE,
    "unclosed and deep": DEEP,
    "closed and deep": NESTED,
    "sixty thousand elements": FLAT,
    "just too long": b"<root>" + b" " * BODY,
    "empty": b"",
    "binary": bytes(range(256)) * 100,
}


@pytest.mark.parametrize("path", ["/desc.xml", "/conn.xml"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_answer_is_not_understood_in_bounded_time_and_memory(box, path, body):
    """Cut off as it arrives, never unpacked, no entity expanded."""
    box.is_honest(entry())
    box.paths[path] = body
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    told = read(box, lasts=1.5)

    assert (told.complete, told.mappings) == (False, [])
    assert told.trouble
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50 << 10, f"{grown >> 10} MB more"


def test_an_entity_is_refused_by_defusedxml_and_not_by_chance(box):
    """The small kind, which any other reader would expand."""
    box.paths["/desc.xml"] = b"<!DOCTYPE l [<!ENTITY a 'ha'>]><root>&a;</root>"

    assert read(box).trouble == ["not understood: EntitiesForbidden"]


def test_soap_answers_are_bounded_as_well(box):
    box.is_honest(entry())
    box.actions[GENERIC] = [(200, reply("WANIPConnection:1", GENERIC, x="y" * BODY))]

    told = read(box)

    assert (told.complete, told.mappings) == (False, [])


def test_a_thousand_services_are_not_asked_one_by_one(box):
    many = "".join(service("WANIPConnection:1", f"s{number}") for number in range(800))
    box.paths["/desc.xml"] = description(1, many)
    for number in range(800):
        box.paths[f"/s{number}.xml"] = scpd()

    told = read(box)

    assert len(box.asked) <= igd.REQUESTS
    assert not told.complete


def test_what_was_read_before_time_ran_out_is_kept(box):
    box.is_honest(entry())
    box.paths["/late.xml"] = slow
    services = service("WANIPConnection:1", "conn") + service("WANPPPConnection:1", "late", scpd="/conn.xml")
    box.paths["/desc.xml"] = description(1, services)
    wait = box.take

    def take(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/ctl/late":
            time.sleep(3)
        wait(request)

    box.take = take

    told = read(box, lasts=1)

    assert (len(told.mappings), told.complete) == (1, False)
    assert "it took too long" in told.trouble


# -- anything at all ---------------------------------------------------------------------------------------------

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
XML = st.text(st.sampled_from("<>/=\"'&;: abuNextPoralCi0123\u00e9"), max_size=400).map(lambda text: text.encode())


def mangled(whole: bytes) -> st.SearchStrategy[bytes]:
    """A good answer with a piece of it replaced."""
    place = st.integers(0, len(whole) - 1)
    return st.tuples(place, st.integers(0, 60), st.binary(max_size=40) | XML).map(
        lambda cut: whole[: cut[0]] + cut[2] + whole[cut[0] + cut[1] :]
    )


@FUZZ
@given(body=st.binary(max_size=2000) | XML | mangled(description(2, service("WANIPConnection:2", "conn"))))
def test_any_description_is_read_without_a_crash(box, body):
    box.is_honest(entry(), version=2)
    box.paths["/desc.xml"] = body

    read(box, lasts=3)


@FUZZ
@given(body=st.binary(max_size=2000) | XML | mangled(scpd("GetExternalIPAddress", "GetStatusInfo", GENERIC)))
def test_any_service_description_is_read_without_a_crash(box, body):
    box.is_honest(entry())
    box.paths["/conn.xml"] = body

    read(box, lasts=3)


@FUZZ
@given(
    status=st.sampled_from([200, 500, 302, 404]),
    body=st.binary(max_size=2000) | XML | mangled(reply("WANIPConnection:1", GENERIC, **entry())),
)
def test_any_soap_answer_is_read_without_a_crash(box, status, body):
    """And what is taken for a mapping is one: ports in range, a text that may be shown."""
    box.is_honest()
    box.actions[GENERIC] = [(status, body), (500, fault(713))]

    for mapping in read(box, lasts=3).mappings:
        assert 0 < mapping.outside_port < 65_536
        assert 0 < mapping.inside_port < 65_536
        assert len(mapping.text) <= 80
        assert mapping.text.isprintable() or not mapping.text
