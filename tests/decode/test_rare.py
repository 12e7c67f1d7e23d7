"""What machines tell of themselves in rare frames: what gets through, and that no name of a person ever does."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.dns import DNS
from scapy.layers.l2 import Ether

from sentinel.capture.rare import KEPT
from sentinel.decode.rare import Told, Unread, read_rare, vendor
from sentinel.model.machine import Kind, Offer, Portrait, SaidBy, Service, Uplink
from tests import rarities
from tests.builders import IMAGING6, PATIENT, moment
from tests.decode.test_frame import neighbour
from tests.rarities import NAME, PHONE_MAC, SERVER, SERVER6, SERVER_MAC, SWITCH_MAC

PI, CISCO = "Raspberry Pi Foundation", "Cisco Systems, Inc"
DICOM = Offer(service=Service.DICOM, port=11112, host="radio-pc")


def told(frame: bytes, cut: int = KEPT) -> list[Told]:
    """What it tells as the kernel keeps it."""
    return list(read_rare(frame[:cut], moment()))


def portrait(frame: bytes) -> Portrait:
    [only] = told(frame)
    assert isinstance(only, Portrait)
    return only


def of_server(**more: object) -> Portrait:
    return Portrait(mac=SERVER_MAC, vendor=PI, at=moment(), **more)  # type: ignore[arg-type]


EVERY = {
    "ARP": rarities.arp(),
    "neighbour discovery": neighbour(135, IMAGING6.packed),
    "router": rarities.router(),
    "DHCP": rarities.dhcp(),
    "DHCP server": rarities.dhcp_offer(),
    "mDNS": rarities.mdns(("_dicom._tcp", 11112), ("_smb._tcp", 445)),
    "mDNS of IPv6": rarities.mdns(family=6, addresses=(SERVER6,)),
    "SSDP": rarities.ssdp(),
    "SSDP of IPv6": rarities.ssdp(family=6),
    "SSDP answer": rarities.ssdp_answer(),
    "LLDP": rarities.lldp(),
    "CDP": rarities.cdp(),
}


# -- who, and what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame", [rarities.arp(), rarities.arp()[:14], b"\2" * 6 + rarities.arp()[6:12] + b"\xff\xff"]
)
def test_any_frame_names_the_maker_of_its_sender(frame):
    """Its header is enough."""
    assert portrait(frame) == of_server()


@pytest.mark.parametrize("mac", [PHONE_MAC, "02:00:00:00:00:43"])
def test_nobody_made_a_made_up_address(mac):
    """Such a frame tells nothing, then."""
    assert told(rarities.arp(mac)) == []
    assert vendor(mac) == ""


def test_a_block_nobody_owns_has_no_maker_and_a_small_one_its_own():
    """An address is no name; and the table's « IEEE Registration Authority » stands for all who share a block."""
    assert vendor("fc:ff:fe:00:00:01") == ""
    assert vendor("00:1b:c5:00:00:01") == "Converging Systems Inc."


def test_a_router_is_known_by_its_advertisement():
    """IPv6's."""
    assert portrait(rarities.router()).kinds == (Kind.ROUTER,)


@pytest.mark.parametrize("change", [{"hlim": 254}, {"src": "2001:db8::1"}, {"routerlifetime": 0}])
def test_an_advertisement_from_elsewhere_or_of_no_router_makes_none(change):
    """RFC 4861 section 6.1.2; a lifetime of 0 says that it is a router no more."""
    assert portrait(rarities.router(**change)).kinds == ()


@pytest.mark.parametrize(
    ("vendor", "kinds"),
    [
        (b"MSFT 5.0", (Kind.WINDOWS,)),
        (b"android-dhcp-14", (Kind.ANDROID,)),
        (b"Hewlett-Packard JetDirect", (Kind.PRINTER,)),
        (PATIENT, ()),
        (b"", ()),
    ],
)
def test_a_vendor_class_becomes_a_word_of_ours_or_nothing(vendor, kinds):
    """Whoever asks for an address may write there what he likes."""
    assert portrait(rarities.dhcp(vendor)).kinds == kinds


@pytest.mark.parametrize("kind", ["offer", "ack", "nak"])
def test_who_gives_addresses_is_told(kind):
    """The box does, and in a practice nobody else."""
    assert portrait(rarities.dhcp_offer(kind)).kinds == (Kind.GIVES_ADDRESSES,)


@pytest.mark.parametrize(
    ("kind", "server", "kinds"),
    [
        (b"urn:schemas-upnp-org:device:MediaServer:1", b"x", {Kind.MEDIA}),
        (b"urn:schemas-upnp-org:device:InternetGatewayDevice:2", b"Linux/4.1 UPnP/1.0", {Kind.ROUTER, Kind.LINUX}),
        (b"upnp:rootdevice", b"Synology/DSM", {Kind.STORAGE}),
        (b"upnp:rootdevice", b"Microsoft-Windows/10.0 UPnP/1.0", {Kind.WINDOWS}),
        (b"urn:schemas-upnp-org:device:" + PATIENT, PATIENT, set()),
        (PATIENT, b"", set()),
    ],
)
def test_an_ssdp_announcement_becomes_words_of_ours(kind, server, kinds):
    """By the type of the device and the words of its server."""
    for family in (4, 6):
        assert set(portrait(rarities.ssdp(kind, server, family=family)).kinds) == kinds


def test_who_answers_a_search_is_told():
    """As the box does when the sentinel itself looks for it."""
    assert portrait(rarities.ssdp_answer()).kinds == (Kind.ROUTER,)


# -- what it offers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("_dicom._tcp", Service.DICOM),
        ("_dicom-tls._tcp", Service.DICOM),
        ("_acr-nema._tcp", Service.DICOM),
        ("_smb._tcp", Service.SMB),
        ("_afpovertcp._tcp", Service.AFP),
        ("_HTTP._TCP", Service.HTTP),
    ],
)
@pytest.mark.parametrize("family", [4, 6])
def test_a_service_that_holds_images_is_told_with_port_and_host(name, service, family):
    """Whatever its case."""
    frame = rarities.mdns((name, 5000), family=family, addresses=(SERVER, SERVER6))

    assert portrait(frame) == of_server(offers=(Offer(service=service, port=5000, host="radio-pc"),))


@pytest.mark.parametrize(
    "name", ["_airplay._tcp", "_ipp._tcp", "_companion-link._tcp", "_dicom._udp", "_device-info._tcp"]
)
def test_no_other_service_is_told(name):
    """Nor under which name it is offered."""
    assert portrait(rarities.mdns((name, 7000))) == of_server()


def test_an_announcement_that_was_cut_tells_what_is_whole():
    """The kernel keeps 400 bytes of it."""
    frame = rarities.mdns(("_dicom._tcp", 11112), ("_smb._tcp", 445))

    assert len(frame) > KEPT
    assert portrait(frame).offers == (DICOM,)


def test_names_that_are_abbreviated_are_read_like_others():
    """RFC 1035 section 4.1.4, as every real responder does."""
    frame = Ether(rarities.mdns())
    whole = frame[DNS].compress()
    packed = bytes(frame)[: -len(frame[DNS])] + bytes(whole)

    assert len(packed) < len(bytes(frame))
    assert portrait(packed).offers == (DICOM,)


@pytest.mark.parametrize("change", [{"ttl": 0}, {"answer": 0}])
def test_a_goodbye_and_a_question_offer_nothing(change):
    """RFC 6762 section 10.1."""
    assert portrait(rarities.mdns(**change)).offers == ()


def test_who_speaks_for_another_offers_nothing():
    """A sleep proxy, or a reflector between two networks: the host's address is another."""
    assert portrait(rarities.mdns(addresses=("192.168.1.99",))).offers == ()
    assert portrait(rarities.mdns(addresses=("192.168.1.99", SERVER))).offers == (DICOM,)
    assert portrait(rarities.mdns(addresses=())).offers == (DICOM,)
    assert portrait(rarities.mdns(addresses=("fe80::99",), family=6)).offers == ()
    assert portrait(rarities.mdns(addresses=("2001:db8::66",), family=6)).offers == (DICOM,)


@pytest.mark.parametrize(
    "host", [f"{NAME}.local.", "a.b.local.", "radio-pc.example.com.", "é.local.", "under_score.local.", "."]
)
def test_a_host_that_is_no_plain_label_of_this_network_keeps_no_name(host):
    """The port is told all the same."""
    assert portrait(rarities.mdns(host=host, addresses=())).offers == (Offer(service=Service.DICOM, port=11112),)


def test_no_host_name_of_a_made_up_address_is_kept():
    """That is a telephone or a private laptop, and its name its owner's."""
    frame = rarities.mdns(("_smb._tcp", 445), host="MacBook-de-Jeanne.local.", mac=PHONE_MAC)

    assert told(frame) == [
        Portrait(mac=PHONE_MAC, offers=(Offer(service=Service.SMB, port=445),), at=moment()),
    ]


# -- where we hang -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "said_by", "port"),
    [
        (rarities.lldp(), SaidBy.LLDP, "gi1/0/3"),
        (rarities.lldp(b"3", 7), SaidBy.LLDP, "3"),
        (rarities.lldp(b"Port 3", 5), SaidBy.LLDP, "Port 3"),
        (rarities.lldp("00:1b:54:aa:bb:03", 3), SaidBy.LLDP, "00:1b:54:aa:bb:03"),
        (rarities.lldp(PATIENT, 5), SaidBy.LLDP, ""),
        (rarities.lldp(b"Jeanne 3", 7), SaidBy.LLDP, ""),
        (rarities.lldp(b"19850312", 7), SaidBy.LLDP, ""),
        (rarities.lldp(b"12/03/1985", 7), SaidBy.LLDP, ""),
        (rarities.cdp(), SaidBy.CDP, "GigabitEthernet0/3"),
        (rarities.cdp(PATIENT), SaidBy.CDP, ""),
    ],
)
def test_a_switch_says_which_port_of_it_we_hang_on(frame, said_by, port):
    """A port's name is kept where it is of words that switches use, and numbers; a birth date is no port."""
    hung = Uplink(switch=SWITCH_MAC, port=port, vlan=20, vendor=CISCO, said_by=said_by, at=moment())

    assert told(frame) == [hung, Portrait(mac=SWITCH_MAC, vendor=CISCO, at=moment())]


@pytest.mark.parametrize("frame", [rarities.lldp(bridge=rarities.STATION), rarities.cdp(capabilities=0x90)])
def test_a_telephone_or_a_computer_that_speaks_like_a_switch_is_none(frame):
    """An unmanaged switch lets their words through: we do not hang on their ports."""
    assert told(frame) == [Portrait(mac=SWITCH_MAC, vendor=CISCO, at=moment())]


@pytest.mark.parametrize(("vlan", "said"), [(None, None), (0, None), (4094, 4094), (4095, None)])
def test_the_network_of_untagged_frames_is_told_where_there_is_one(vlan, said):
    """0 and 4095 are none: IEEE 802.1Q table 9-2."""
    uplink = told(rarities.lldp(vlan=vlan))[0]

    assert isinstance(uplink, Uplink)
    assert uplink.vlan == said


# -- what never gets through -------------------------------------------------------------------------------------


PLAIN = b"Durand-Jeanne-" + b"x" * (len(PATIENT) - 14)
"""A name that would pass for a host's."""


@pytest.mark.parametrize("person", [PATIENT, PLAIN, PLAIN.upper()], ids=["DICOM", "plain", "capitals"])
@pytest.mark.parametrize("name", EVERY)
def test_no_name_of_a_person_reaches_a_fact(name, person):
    """The frame is full of them: host name, instance name, TXT, headers, descriptions; whole and cut."""
    frame = EVERY[name].replace(PATIENT, person)

    for cut in (len(frame), KEPT, *range(14, len(frame), 7)):
        try:
            said = repr(read_rare(frame[:cut], moment()))
        except Unread as error:
            said = repr(error)
        assert not re.search("ZZTEST|UNMISTAKABLE|NEVERSTORE|durand|jeanne", said, re.IGNORECASE)


def test_the_frames_of_this_proof_are_full_of_names():
    """Or it would prove nothing."""
    quiet = {"ARP", "neighbour discovery", "router"}

    assert {name for name, frame in EVERY.items() if PATIENT not in frame} == quiet
    assert rarities.lldp().count(PATIENT) == 3
    assert rarities.dhcp().count(PATIENT) == 4


LAYERS = st.sampled_from(sorted(EVERY.values()))


@settings(max_examples=200, deadline=None)
@given(
    frame=LAYERS, damage=st.lists(st.tuples(st.integers(0, 399), st.binary(min_size=1, max_size=8)), max_size=4)
)
def test_damaged_frames_tell_what_fits_the_words_or_are_unread(frame, damage):
    """In a moment, whatever stands in them."""
    whole = bytearray(frame[:KEPT])
    for place, noise in damage:
        whole[place : place + len(noise)] = noise
    begun = time.process_time()
    try:
        facts = read_rare(bytes(whole), moment())
    except Unread:
        facts = ()
    assert time.process_time() - begun < 1
    assert all(isinstance(each, Portrait | Uplink) for each in facts)


@settings(max_examples=100, deadline=None)
@given(tail=st.binary(max_size=386), kind=st.sampled_from([b"\x08\x00", b"\x86\xdd", b"\x88\xcc", b"\x00\x40"]))
def test_rubbish_is_unread_or_tells_of_its_sender_alone(tail, kind):
    """Of whatever protocol it claims to be."""
    try:
        facts = read_rare(bytes.fromhex("ffffffffffff b827eb000042") + kind + tail, moment())
    except Unread:
        return
    assert [each.mac for each in facts if isinstance(each, Portrait)] == [SERVER_MAC]


@pytest.mark.parametrize("frame", [b"", b"x" * 13, b"\2" * 6 + b"\1" + bytes(7)])
def test_what_has_no_sender_is_unread(frame):
    """Too short, or sent by a group."""
    with pytest.raises(Unread):
        read_rare(frame, moment())


def test_names_that_point_at_themselves_end():
    """RFC 1035 section 4.1.4, as nobody meant it."""
    frame = bytearray(rarities.mdns())
    at = frame.index(b"\x06_dicom")
    frame[at : at + 2] = b"\xc0\x0c"  # the first name begins where it points

    begun = time.process_time()
    read_rare(bytes(frame), moment())

    assert time.process_time() - begun < 1
