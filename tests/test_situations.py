"""The situations of the field that touch judgement, walked by the whole street.

One test a row, named in its docstring: no false red, no false green, and the sentence that was asked for.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from sentinel.decode.frame import read_frame
from sentinel.judgement.expected import Accepted
from sentinel.judgement.judge import Terms
from sentinel.model.acting import Acceptance, FalseAlarm
from sentinel.model.box import Transport
from sentinel.model.connection import ConnectionState, Direction
from sentinel.model.declared import View
from sentinel.model.exposure import Application, Kind, Outcome, PortList, Reach, Why
from sentinel.model.finding import Code, Grade, Level
from sentinel.model.incident import IncidentState
from sentinel.model.machine import SeenBy, Sought
from sentinel.model.moment import Address
from sentinel.model.networks import HomeNetwork
from sentinel.model.packet import Flags
from sentinel.model.passing import NetworkAnswer, Read
from sentinel.programs.listen import Ear
from sentinel.services import DOOR_TEST_PORT, port_list
from sentinel.text.perimeter import perimeter_now
from sentinel.tracking.connections import Tracker
from tests.builders import (
    BOX_MAC,
    ECHO_PORT,
    IMAGING,
    IMAGING_MAC,
    PUBLIC,
    STRANGER,
    Talk,
    connection,
    coverage,
    dicom,
    exposure,
    knock,
    knock_heard,
    mac_bytes,
    mapping,
    moment,
    networks,
    outcome,
    reading,
    tcp_frame,
)
from tests.living import (
    BOX,
    CAMERA,
    CAMERA_MAC,
    DAY,
    DECOYS,
    HOUR,
    NAS,
    NAS_MAC,
    PC,
    PC_MAC,
    Leads,
    Practice,
    plain,
)

GREEN = "Rien d’ouvert : 48 portes contrôlées de dehors à 10 h 00, passages surveillés."
VPN_CLIENT, OTHER_SITE = ip_address("10.8.0.2"), ip_address("192.168.50.20")


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[list[Practice]]:
    """Practices that a test has begun."""
    begun: list[Practice] = []
    yield begun
    for each in begun:
        each.archive.close()


@pytest.fixture
def practice(tmp_path: Path, lives: list[Practice]):
    """Begins a practice: calm, with one whole check and a mirror that shows, unless the test says otherwise."""

    def begin(*, checked: bool = True, folder: Path | None = None, **more: object) -> Practice:
        folder = folder or tmp_path / str(len(lives))
        folder.mkdir(exist_ok=True)
        begun = Practice(folder, **more)
        lives.append(begun)
        if checked:
            begun.check(1)
            begun.pass_time(8)
        return begun

    return begin


# -- how the sentinel is plugged in ------------------------------------------------------------------------------


def test_an_unmanaged_switch_is_a_limited_view_and_says_so_in_its_first_words(practice):
    """Row « unmanaged switch », and « Wi-Fi only »: green, of another kind; never blue for want of a mirror."""
    here = practice(terms=Terms(view=View.LIMITED))

    assert (here.level, here.codes) == (Level.CALM, set())
    assert here.says() == (
        "Fermé vu de dehors : 48 portes contrôlées à 10 h 00. La sentinelle ne voit pas qui passe (vue limitée)."
    )
    here.check(100, {4242: Leads(seen=False)})
    assert here.level is Level.ALARM
    assert here.says() == (
        "Une porte est ouverte sur Internet. "
        "La sentinelle ne peut pas dire vers quel appareil, ni si quelqu’un est venu."
    )


def test_a_door_of_an_unmanaged_switch_gets_a_probable_machine_while_that_is_asleep(practice):
    """The same row: the box looks for it at each knock of the night. The door stays as red, and names nobody."""
    here = practice(terms=Terms(view=View.LIMITED))
    here.check(100, {4242: Leads(seen=False)})
    before, said = here.story(Code.DOOR_REACHABLE), here.says()
    for hour in range(1, 5):
        here.bring(Sought(address=IMAGING, at=moment(hour * HOUR + 2)))
        here.check(hour * HOUR, why={4242: Why.ICMP_HOST})
    here.check(6 * HOUR, {4242: Leads(seen=False)})
    story = here.story(Code.DOOR_REACHABLE)
    line = here.line(story.number, Code.MACHINE_PROBABLE)

    assert (here.level, here.says()) == (Level.ALARM, said)
    assert (story.number, story.level, story.grade, story.machine, story.last_visit) == (
        before.number,
        before.level,
        before.grade,
        None,
        None,
    )
    assert line == (
        "Derrière cette porte se trouve probablement 192.168.1.66 : pendant qu’il était éteint, la box l’a "
        "cherché à chaque contrôle, et personne d’autre. Ce n’est pas une preuve."
    )


def test_a_pc_on_the_boxs_own_ports_is_listed_and_yellow(practice):
    """Row « PC on the box's own ports or the box's Wi-Fi »: heard, asking for the box, and never seen passing."""
    here = practice()
    for minute in range(0, 75, 5):
        here.see(60.0 * minute + 10, IMAGING, "3c:52:82:00:00:99", SeenBy.PASSING)
        here.see(60.0 * minute + 11, PC, PC_MAC, SeenBy.ASKING)
    here.check(75 * 60)
    here.pass_time(75 * 60 + 8)

    assert here.level is Level.ATTENTION
    assert here.says() == "Un point à régler, sans urgence : appareil hors de la prise surveillée."
    assert here.tells(Code.NOT_WATCHED) == (
        "ACCUEIL-PC ne passe pas par la prise surveillée : la sentinelle ne verrait pas qui s’y connecte."
    )
    here.see(75 * 60 + 20, PC, PC_MAC, SeenBy.PASSING)
    here.pass_time(75 * 60 + 21)
    assert here.level is Level.CALM


def test_a_machine_that_is_meant_to_hang_on_the_box_is_accepted_once(practice):
    """The same row: « yellow until moved or accepted »; who said so, and why, stays in its story."""
    here = practice()
    for minute in range(0, 24 * 60, 5):
        here.see(60.0 * minute + 10, IMAGING, "3c:52:82:00:00:99", SeenBy.PASSING)
        here.see(60.0 * minute + 11, PC, PC_MAC, SeenBy.ASKING)
        if minute == 120:
            told = here.story(Code.NOT_WATCHED)
            why = "Poste d’accueil, sans images"
            here.walk(FalseAlarm(incident=told.number, why=why, who="Sophie", at=moment(60.0 * minute + 12)))
    here.check(DAY)
    here.pass_time(DAY + 8)

    assert (here.level, here.codes) == (Level.CALM, set())
    assert here.story(Code.NOT_WATCHED).state is IncidentState.OPEN


def test_without_an_echo_nothing_is_claimed(practice):
    """Row « no VPS »: blue in its own words, however quiet everything is."""
    here = practice(checked=False, echo=False)
    here.pass_time(600)

    assert here.level is Level.UNSURE
    assert here.says() == "Aucun contrôle de dehors n’est configuré : la sentinelle ne peut rien affirmer."


def test_a_cable_that_was_moved_is_blue_within_ten_seconds_and_the_sentence_names_the_cable(practice):
    """Row « sentinel moved to another port »: the carrier drops."""
    here = practice()
    here.pass_time(599)
    here.bring(coverage(moment(600), proof=moment(599), carrier=False))
    here.pass_time(601, listening=False)

    assert here.level is Level.UNSURE
    assert here.says().startswith("La sentinelle ne voit plus les passages depuis 10 h 10.")
    assert here.asks() == "Un câble a-t-il été déplacé ? Remettez le câble nº 2 dans la prise nº 2."


def test_a_switch_that_forgot_its_mirror_is_blue_at_the_next_check(practice):
    """Row « mirror forgotten after a switch reset »: our own talk with the echo is not shown."""
    here = practice()
    here.bring(coverage(moment(HOUR), proof=moment(9)))
    here.walk(outcome(asked=moment(HOUR + 1), at=moment(HOUR + 7), ports=PortList.HOURLY))
    here.bring(coverage(moment(HOUR + 8), proof=moment(9)))
    here.pass_time(HOUR + 9, listening=False)

    assert here.level is Level.UNSURE
    assert here.says() == (
        "La sentinelle ne voit plus les passages depuis 11 h 00. Vu de dehors, rien d’ouvert à 10 h 00."
    )
    assert "câble nº 2" in here.asks()


def test_three_weeks_of_holidays_are_quiet_and_green(practice):
    """Row « holidays »: nobody is there, the checks go on, and our own talk proves the mirror each time."""
    here = practice()
    for check in range(1, 21 * 4):
        here.check(check * 6 * HOUR)
        assert (here.level, here.codes) == (Level.CALM, set())
    here.check(21 * DAY, {3389: Leads(machine=PC, mac=PC_MAC, port=3389)})
    assert here.level is Level.ALARM


# -- other networks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [VPN_CLIENT, OTHER_SITE, ip_address("100.64.3.4")])
def test_a_vpn_is_asked_about_once_and_then_expected(practice, source):
    """Rows « VPN on the box / NAS / firewall », « site to site »: yellow, never red; ours once that is said."""
    here = practice()
    here.visit(20, source=source, target_port=3389, state=ConnectionState.CLOSED, bytes_out=50_000_000)
    here.pass_time(21)

    assert here.level is Level.ATTENTION
    assert here.tells(Code.PRIVATE_NETWORK) == "Un réseau privé inconnu s’est connecté à RADIO-PC à 10 h 00."
    network = str(ip_network(f"{source}/24", strict=False))
    here.walk(NetworkAnswer(network=network, ours=True, who="Sophie", at=moment(60)))
    here.visit(70, source=source, dicom=dicom())
    here.pass_time(71)
    assert (here.level, here.codes) == (Level.CALM, set())


def test_images_through_a_vpn_that_is_ours_are_noted(practice):
    """Row « site to site »: what the tunnel does beyond us is not seen, so it is a line and no colour."""
    here = practice(terms=Terms(known=(ip_network("192.168.50.0/24"),)))
    here.visit(20, source=OTHER_SITE, dicom=dicom())
    here.pass_time(21)

    assert here.level is Level.CALM
    assert here.story(Code.DICOM_IN_CLEAR).level is Level.NOTE


def test_a_public_source_stays_red_and_so_does_a_nat_that_hides_strangers(practice):
    """Row « VPN »: the two guards."""
    here = practice()
    here.visit(20, target_port=3389)
    here.pass_time(21)
    assert here.level is Level.ALARM

    here = practice(checked=False)
    here.check(1, {4242: Leads()}, seen_from=VPN_CLIENT)
    here.visit(20, source=VPN_CLIENT, dicom=dicom())
    here.pass_time(21)
    assert (here.level, Code.BOX_HIDES in here.codes) == (Level.ALARM, True)


@pytest.mark.parametrize("own", [(), ("192.168.2.0/24",)])
def test_a_second_lan_is_asked_about_until_it_is_declared(practice, own):
    """Row « several VLANs »: a declared prefix is inside; one that is not is another private network."""
    inside = (*networks().own, *(ip_network(each) for each in own))
    here = practice(own=networks(*inside, box=(BOX,)))
    direction = here.own.direction(ip_address("192.168.2.9"), IMAGING)
    here.visit(20, source=ip_address("192.168.2.9"), direction=direction, dicom=dicom())
    here.pass_time(21)

    assert direction is (Direction.INTERNAL if own else Direction.INBOUND)
    assert here.codes == (set() if own else {Code.PRIVATE_NETWORK})


# -- doors that are meant to be open -----------------------------------------------------------------------------


def test_a_declared_vpn_door_stays_calm_and_is_named(practice):
    """Row « VPN server on the NAS »: found open at each check, as it must be."""
    here = practice(terms=Terms(expect_open=frozenset({1194})), accepted=("la porte 1194",), checked=False)
    here.check(1, {1194: Leads(machine=NAS, mac=NAS_MAC, port=1194)}, control=True)
    here.pass_time(8)

    assert here.level is Level.CALM
    assert here.says().startswith("Rien d’ouvert, sauf l’accès autorisé de la porte 1194 : 48 portes")


ALL = {port: Leads(machine=PC, mac=PC_MAC, port=port, seen=True) for port in (443, 8080, *DECOYS)}


def test_a_dmz_towards_the_declared_firewall_is_calm_and_towards_anything_else_is_not(practice):
    """Row « box, then own firewall with DMZ »: everything arrives at the firewall, as it should."""
    here = practice(terms=Terms(firewall=PC_MAC), accepted=("votre pare-feu",), checked=False)
    here.check(1, ALL, decoys_open=False)
    here.pass_time(8)
    assert here.level is Level.CALM
    assert "sauf l’accès autorisé de votre pare-feu" in here.says()

    here = practice(checked=False)
    here.check(1, ALL, decoys_open=True)
    here.pass_time(8)
    assert here.level is Level.ALARM
    assert here.tells(Code.ALL_FORWARDED) == (
        "La box envoie tout ce qui vient d’Internet vers ACCUEIL-PC (mode DMZ)."
    )
    assert "pare-feu, Sophie (01 23 45 67 89) peut le déclarer" in here.asks()


def test_behind_a_second_router_nobody_claims_anything_until_its_address_is_declared(practice):
    """Row « double NAT »: the box has a private address, and nobody has said whose the public one is."""
    here = practice(checked=False)
    here.walk(reading(wan=ip_address("192.168.100.2"), at=moment(5)))
    here.walk(outcome(Outcome.ADDRESS_DOUBTFUL, asked=moment(6), address=None, check=None, tested=0))
    here.pass_time(200)

    assert (here.level, here.codes) == (Level.UNSURE, {Code.ADDRESS_DOUBTFUL})
    assert here.says().startswith("Un autre routeur se trouve devant la box, ou d’autres abonnés partagent")
    here.check(300)  # declared as ours: it is asked about like any other
    here.pass_time(308)
    assert here.level is Level.CALM


def test_behind_the_declared_firewall_imaging_is_still_red(practice):
    """The same row: a DMZ excuses the firewall's own ports, and nothing that is red anywhere."""
    here = practice(terms=Terms(firewall=PC_MAC))
    here.check(100, {4242: Leads(machine=PC, mac=PC_MAC, port=4242)})

    assert here.level is Level.ALARM


def test_a_partner_at_an_accepted_imaging_door_is_no_alarm_and_the_images_go_in_clear(practice):
    """A narrow source is no stranger; that its images can be read on the way is a point to settle."""
    partner = Accepted(machine=str(IMAGING), port=4242, source=ip_network("203.0.113.7"), until=moment(DAY).wall)
    here = practice(terms=Terms(accepted=(partner,)))
    here.visit(20, dicom=dicom())
    here.pass_time(21)

    assert (here.level, here.codes) == (Level.ATTENTION, {Code.DICOM_IN_CLEAR})
    assert here.says() == "Un point à régler, sans urgence : échange d’images en clair avec l’extérieur."


# -- what is no door, or not a red one ---------------------------------------------------------------------------


def test_remote_help_that_calls_out_is_no_event_and_its_door_from_outside_is_red(practice):
    """Row « TeamViewer / AnyDesk »: an outbound relay is not followed at all; inbound 5938 is red."""
    tracker = Tracker(networks())
    talk = Talk(client=IMAGING, server=STRANGER, server_port=5938)
    said = [*talk.handshake(), talk.asks(), talk.answers(), *talk.goodbye()]
    assert [fact for word in said for fact in tracker.feed(talk.segment(word))] == []

    here = practice()
    here.visit(20, target_port=5938)
    here.pass_time(21)
    assert here.level is Level.ALARM
    assert here.says() == "Quelqu’un d’extérieur s’est connecté à RADIO-PC."


@pytest.mark.parametrize(
    "app", [None, Application(kind=Kind.HTTP, product="hikvision"), Application(kind=Kind.TLS)]
)
def test_a_camera_is_a_web_page_nobody_has_identified(practice, app):
    """Row « camera, alarm panel, door phone, printer »: yellow, whoever looks at it; never imaging."""
    here = practice()
    here.check(100, {8000: Leads(machine=CAMERA, mac=CAMERA_MAC, port=8000, app=app)})
    here.visit(120, target=CAMERA, mac=CAMERA_MAC, target_port=8000, bytes_out=9_000_000)
    here.pass_time(121)

    assert here.level is Level.ATTENTION
    assert here.codes == {Code.STRANGER_CONNECTED}
    assert here.tells(Code.STRANGER_CONNECTED) == (
        "Quelqu’un d’extérieur s’est connecté à CAMERA à 10 h 02, par une porte à examiner."
    )
    assert "Débranchez" not in here.asks()


def test_the_cameras_sentence_asks_what_it_is(practice):
    """The same row."""
    here = practice()
    here.check(100, {8000: Leads(machine=CAMERA, mac=CAMERA_MAC, port=8000)})

    assert here.says() == "Un point à régler, sans urgence : page web non identifiée."
    assert here.tells(Code.WEB_UNIDENTIFIED) == (
        "Une page web répond depuis Internet : CAMERA (caméra, box, pare-feu ?)."
    )


def test_a_viewer_on_the_cameras_port_is_red(practice):
    """The same row: identified as imaging, a web port is red."""
    here = practice()
    viewer = Application(kind=Kind.HTTP, product="orthanc")
    here.check(100, {8000: Leads(port=8000, app=viewer)})

    assert here.level is Level.ALARM
    assert here.tells(Code.DOOR_REACHABLE) == "Le serveur d’images de RADIO-PC répond depuis Internet."


def test_a_nas_that_opens_its_own_door_is_named_before_anybody_knocks(practice):
    """Row « NAS with UPnP / QuickConnect »: by its label, with what to switch off."""
    here = practice()
    here.see(10, NAS, NAS_MAC)
    here.walk(reading(mapping(5001, 5001, machine=NAS, text="DSM"), at=moment(60)))
    here.pass_time(61)

    assert here.level is Level.ALARM
    assert here.says() == "La box a ouvert une porte d’Internet vers NAS, où personne ne doit entrer."
    assert "interdire les ouvertures automatiques de la box" in here.asks()
    assert here.asked == 1  # the echo is asked at once


def test_a_box_that_opens_to_whoever_asks_is_noted_until_somebody_asks(practice):
    """Three of four French boxes come so, and nobody is yellow for life because of it."""
    here = practice()
    here.walk(reading(at=moment(60), natpmp=True, pcp=True))
    here.pass_time(61)
    assert (here.level, here.story(Code.UPNP_OFFERED).level) == (Level.CALM, Level.NOTE)

    here.see(62, CAMERA, CAMERA_MAC)
    here.walk(reading(mapping(9000, 9000, machine=CAMERA), at=moment(110), natpmp=True, pcp=True))
    assert here.tells(Code.MAPPING_OPENED) == "CAMERA a demandé à la box d’ouvrir une porte."
    here.check(111)
    here.pass_time(120)
    assert here.level is Level.ATTENTION


@pytest.mark.parametrize("port", [3388, 3389, 3390, 33389])
def test_a_remote_desktop_on_another_number_is_found_from_outside(practice, port):
    """Row « port on 33389, 3390 … »: in the full list, red with its own sentence."""
    here = practice()
    assert port in port_list(PortList.FULL)
    here.check(100, {port: Leads(machine=PC, mac=PC_MAC, port=3389)})

    assert here.level is Level.ALARM
    assert here.tells(Code.DOOR_REACHABLE) == ("Le bureau à distance d’ACCUEIL-PC est accessible depuis Internet.")


@pytest.mark.parametrize("port", [3391, 13389])
def test_a_remote_desktop_on_a_number_nobody_asks_about_is_red_when_somebody_comes(practice, port):
    """The same row: 48 ports are what one check may knock at; the rest is seen at the mirror."""
    here = practice()
    assert port not in port_list(PortList.FULL)
    here.visit(20, target=PC, mac=PC_MAC, target_port=port)
    here.pass_time(21)

    assert here.level is Level.ALARM


def test_udp_is_never_counted_as_watched(practice):
    """Row « UDP »: the count in the sentence is of TCP ports only, and the perimeter says so."""
    assert len(port_list(PortList.FULL)) == 48
    assert not {137, 500, 1194, 1434, 51820} & set(port_list(PortList.FULL))
    assert "perimeter.udp" in perimeter_now(None)
    here = practice()
    here.walk(reading(mapping(1434, 1434, transport=Transport.UDP), at=moment(60)))
    here.pass_time(61)
    assert here.level is Level.ATTENTION


def test_a_box_that_lets_ipv6_in_is_yellow_with_the_boxs_menu(practice):
    """Row « IPv6 firewall off »: our own throw-away listener was reached without any rule for it."""
    here = practice(families=(4, 6))
    here.walk(knock(DOOR_TEST_PORT, *DECOYS, check="check-6", family=6, at=moment(8), decoys=DECOYS))
    for n in range(3):  # all of them arrive, at the one machine they are meant for
        here.bring(knock_heard(serial=50 + n, family=6, source_port=ECHO_PORT + n, at=moment(9)))
    here.walk(outcome(family=6, at=moment(9), check="check-6"))
    here.walk(exposure(port=DOOR_TEST_PORT, family=6, check="check-6", at=moment(10)))
    here.pass_time(11)

    assert (here.level, here.codes) == (Level.ATTENTION, {Code.IPV6_LETS_IN})
    assert here.tells(Code.IPV6_LETS_IN) == (
        "La box laisse entrer les connexions IPv6 : chaque appareil peut être joint de dehors."
    )
    here.walk(exposure(port=DOOR_TEST_PORT, family=6, reach=Reach.FILTERED, check="check-7", at=moment(12)))
    here.pass_time(13)
    assert here.level is Level.CALM


OURS, OUR_MAC = ip_address("192.168.1.5"), "dc:a6:32:00:00:05"
OUR_PAGE = Leads(machine=OURS, mac=OUR_MAC, port=443)


def test_our_own_page_from_outside_is_red_in_its_own_words(practice):
    """Weak point « the sentinel itself visible »: whatever the port means elsewhere."""
    here = practice()
    here.walk(HomeNetwork(networks=here.own, families=(4,), at=moment(20), addresses=(OURS,), macs=()))
    here.check(100, {8080: replace(OUR_PAGE, port=8080)})

    assert (here.level, here.codes) == (Level.ALARM, {Code.SELF_VISIBLE})
    assert here.says() == "La sentinelle est elle-même visible d’Internet : faites fermer cette porte."
    here.see(199, OURS, OUR_MAC)
    here.check(200)
    assert here.level is Level.CALM


ACCEPTED_BY_FILE = Accepted(machine=OUR_MAC, port=443, source=None, until=moment(60 * DAY).wall)


@pytest.mark.parametrize(
    "terms",
    [Terms(expect_open=frozenset({443})), Terms(accepted=(ACCEPTED_BY_FILE,)), Terms(firewall=OUR_MAC)],
    ids=["declared open", "accepted", "declared firewall"],
)
def test_our_own_page_from_outside_is_red_whatever_was_declared(practice, terms):
    """The same: « 443 is our VPN » was said of another machine, and nobody can want this page open."""
    here = practice(terms=terms)
    here.walk(HomeNetwork(networks=here.own, families=(4,), at=moment(20), addresses=(OURS,), macs=(OUR_MAC,)))
    here.check(100, {443: replace(OUR_PAGE, machine=PC, mac=PC_MAC)})
    assert Code.SELF_VISIBLE not in here.codes

    here.check(200, {443: OUR_PAGE})

    assert (here.level, Code.SELF_VISIBLE in here.codes) == (Level.ALARM, True)


def test_our_own_page_that_somebody_accepted_stays_red(practice):
    """An acceptance of an older release, or a request that went by no page."""
    here = practice()
    here.walk(HomeNetwork(networks=here.own, families=(4,), at=moment(20), addresses=(OURS,), macs=(OUR_MAC,)))
    here.check(100, {443: OUR_PAGE})
    until = moment(30 * DAY).wall
    here.walk(Acceptance(number=1, machine=OUR_MAC, port=443, until=until, who="A", why="B", at=moment(150)))
    here.check(200, {443: OUR_PAGE})

    assert (here.level, here.codes) == (Level.ALARM, {Code.SELF_VISIBLE})


def test_a_mapping_to_our_own_page_is_red_where_its_port_was_declared(practice):
    """In a limited view nobody sees where the port leads but the box that says it."""
    here = practice(terms=Terms(view=View.LIMITED, expect_open=frozenset({443})))
    here.walk(HomeNetwork(networks=here.own, families=(4,), at=moment(20), addresses=(OURS,), macs=(OUR_MAC,)))
    here.walk(reading(mapping(443, 443, machine=OURS), at=moment(30)))
    here.pass_time(31)

    assert (here.level, Code.SELF_VISIBLE in here.codes) == (Level.ALARM, True)


# -- machines and lines that come and go -------------------------------------------------------------------------


def test_a_pc_that_is_off_each_night_is_one_dormant_story_in_thirty_nights(practice):
    """Row « PC off at night »: never « closed » because it sleeps, and not one story a day."""
    here = practice()
    door = {3389: Leads(machine=PC, mac=PC_MAC, port=3389)}
    for night in range(30):
        morning = night * DAY + 2 * HOUR
        here.see(morning, PC, PC_MAC)
        here.check(morning, door)
        assert here.level is Level.ALARM
        here.check(night * DAY + 12 * HOUR)  # it was switched off: nothing answers, and nobody was seen
        story = here.story(Code.DOOR_REACHABLE)
        assert story.state is IncidentState.DORMANT
        assert here.level is Level.ALARM  # it was proved open: it will be in the morning

    assert [each.number for each in here.incidents() if each.mac == PC_MAC] == [story.number]
    assert here.told(Code.DOOR_REACHABLE) == "Une porte est ouverte vers un appareil éteint : ACCUEIL-PC."
    here.see(31 * DAY, PC, PC_MAC)
    here.check(31 * DAY + 1)
    assert here.level is Level.CALM  # somebody closed it: proved while the machine is awake


@pytest.mark.parametrize("holidays", [21, 0])
def test_a_pc_that_is_off_for_three_weeks_of_holidays_is_not_closed(practice, holidays):
    """Rows « PC off at night », « holidays »: seven days of checks end a door, of days when somebody is there."""
    back = moment(holidays * DAY).wall
    here = practice(terms=Terms(is_open=lambda when: when >= back))
    here.see(99, PC, PC_MAC)
    here.check(100, {3389: Leads(machine=PC, mac=PC_MAC, port=3389)})
    for half_day in range(1, 40):
        here.check(half_day * 12 * HOUR)

    story = here.story(Code.DOOR_REACHABLE)
    assert story.state is (IncidentState.DORMANT if holidays else IncidentState.CLOSED)
    assert here.level is (Level.ALARM if holidays else Level.CALM)


def test_a_door_to_a_machine_that_never_answered_is_yellow(practice):
    """The same: the box looked for the machine and did not find it."""
    here = practice()
    here.check(100, why={4242: Why.ICMP_HOST})
    assert here.level is Level.CALM  # at once: it did not look

    here.walk(exposure(port=4242, reach=Reach.UNREACHABLE, why=Why.ICMP_HOST, took=3.1, at=moment(200)))
    here.pass_time(201)
    assert here.level is Level.ATTENTION
    assert here.tells(Code.DOOR_DORMANT) == "Une porte est ouverte vers un appareil éteint, pas encore connu."


def test_a_power_strip_each_evening_is_a_start_each_morning(practice):
    """Row « power strip off each evening »: three minutes of « Démarrage », a check at once, then green."""
    here = practice()
    here.close()
    for day in range(1, 4):
        here = practice(checked=False, folder=here.folder, boot=f"boot-{day + 1}", began=moment(day * DAY))
        here.pass_time(day * DAY + 1)
        assert here.level is Level.UNSURE
        assert here.says() == "Démarrage : réponse dans trois minutes."
        here.check(day * DAY + 20)
        here.pass_time(day * DAY + 30)
        assert (here.level, here.codes) == (Level.CALM, set())
        here.close()


def test_a_start_that_no_check_follows_says_so_after_three_minutes(practice):
    """The same row: « starting » is no green, and does not last."""
    here = practice(checked=False)
    here.pass_time(179)
    assert here.codes == {Code.STARTING}
    here.pass_time(181)
    assert (here.level, here.codes) == (Level.UNSURE, {Code.NOT_CHECKED})


@pytest.mark.parametrize(
    ("wan", "result"),
    [("100.71.0.9", Outcome.NOT_OURS), ("10.61.0.4", Outcome.ADDRESS_DOUBTFUL)],
)
def test_a_backup_line_is_blue_for_a_day_in_its_own_words(practice, wan, result):
    """Row « 4G backup »: the same box has another address, which nobody can meet."""
    here = practice()
    here.walk(reading(wan=PUBLIC, at=moment(10)))
    here.walk(reading(wan=ip_address(wan), at=moment(HOUR)))
    here.walk(outcome(result, asked=moment(HOUR + 1), address=None, check=None, tested=0))
    here.pass_time(HOUR + 2)

    assert here.level is Level.UNSURE
    assert here.codes == {Code.BACKUP_LINE}  # one reason, told to nobody for a day
    assert here.says() == "Ligne de secours depuis 11 h 00 : contrôle suspendu, normal."
    here.walk(reading(wan=PUBLIC, at=moment(2 * HOUR)))
    here.check(2 * HOUR + 1)
    here.pass_time(2 * HOUR + 9)
    assert here.level is Level.CALM


def test_a_backup_line_that_lasts_is_told_as_what_it_is(practice):
    """The same row: after a day it is a shared address, and no excuse."""
    here = practice()
    here.walk(reading(wan=PUBLIC, at=moment(10)))
    here.walk(reading(wan=ip_address("10.61.0.4"), at=moment(HOUR)))
    here.walk(outcome(Outcome.ADDRESS_DOUBTFUL, asked=moment(HOUR + 1), address=None, check=None, tested=0))
    here.pass_time(HOUR + DAY + 1)

    assert (here.level, Code.BACKUP_LINE in here.codes) == (Level.UNSURE, False)
    assert Code.ADDRESS_DOUBTFUL in here.codes


def test_another_box_is_one_yellow_and_a_check(practice):
    """What was proved of the old box is asked of the new one."""
    here = practice()
    home = HomeNetwork(networks=here.own, families=(4,), at=moment(10), box_mac=BOX_MAC)
    here.walk(home, replace(home, at=moment(60), box_mac="02:00:00:00:00:77"))
    here.pass_time(61)
    assert (here.level, here.codes) == (Level.ATTENTION, {Code.BOX_CHANGED})
    assert here.asked == 1

    here.check(62, address=ip_address("25.9.9.9"))
    here.pass_time(70)
    assert here.level is Level.CALM
    assert here.story(Code.ADDRESS_CHANGED).level is Level.NOTE


def test_an_exception_follows_its_machine_to_another_address(practice):
    """« Box replaced »: the prefix changes, what was accepted is known by the machine's MAC."""
    vpn = Accepted(machine=NAS_MAC, port=1194, source=None, until=moment(90 * DAY).wall)
    here = practice(terms=Terms(accepted=(vpn,)), checked=False)
    for n, address in enumerate(("192.168.1.80", "192.168.1.180")):
        here.check(1 + n * HOUR, {1194: Leads(machine=ip_address(address), mac=NAS_MAC, port=1194)})
        here.pass_time(8 + n * HOUR)
        assert (here.level, here.codes) == (Level.CALM, set())

    here.check(3 * HOUR, {1194: Leads(machine=ip_address("192.168.1.80"), mac=PC_MAC, port=1194)})
    assert here.level is Level.ATTENTION  # its old address belongs to another machine now


def test_two_weeks_in_a_carton_leave_no_green_behind(practice):
    """« Moving »: what was proved at the old place has no age to count from; it is asked at once."""
    here = practice()
    here.visit(20, dicom=dicom())
    here.close()
    here = practice(checked=False, folder=here.folder, boot="boot-2", began=moment(14 * DAY))
    here.pass_time(14 * DAY + 1)

    assert here.level is Level.ALARM  # never proved closed
    assert Code.STARTING in here.codes
    here.pass_time(14 * DAY + 200)
    assert Code.NOT_CHECKED in here.codes


def test_a_firewall_that_bans_the_echo_midway_proves_nothing(practice):
    """Row « firewall that blacklists a prober midway »: the last control failed, so all of it is unknown."""
    here = practice()
    here.check(100, {4242: Leads()})
    here.check(HOUR, result=Outcome.NOT_PROVED)
    assert here.level is Level.ALARM  # what looks filtered closes nothing

    here.see(2 * HOUR, IMAGING, "02:00:00:00:00:42")
    here.check(2 * HOUR + 1)
    assert here.level is Level.CALM
    here.check(15 * HOUR, result=Outcome.NOT_PROVED)
    here.pass_time(15 * HOUR + 8)
    assert here.level is Level.UNSURE
    assert "le contrôle n’est pas allé jusqu’au bout, ou un témoin manquait" in here.says()


# -- who reads ---------------------------------------------------------------------------------------------------


def test_whoever_sits_in_the_waiting_room_reads_the_sentence_and_no_name(practice):
    """Row « waiting-room Wi-Fi on the same LAN »: no machine, no port, no source, in no sentence that applies."""
    here = practice()
    here.check(100, {11112: Leads(), 8000: Leads(machine=CAMERA, mac=CAMERA_MAC, port=8000)})
    here.visit(120, dicom=dicom(), bytes_out=12_000_000)
    here.visit(121, source=VPN_CLIENT, target=NAS, mac=NAS_MAC, target_port=5001)
    here.walk(reading(mapping(5001, 5001, machine=NAS), at=moment(130)))
    here.pass_time(131)
    page = here.words(named=False)

    said = [page.sentence, page.gesture, *(phrase for _, phrase in page.also)]
    everything = plain(" ".join(phrase.text("fr") for phrase in said))
    assert here.says(named=False) == "Quelqu’un d’extérieur s’est connecté à un poste du cabinet."
    for secret in ("RADIO-PC", "NAS", "CAMERA", "192.168", "203.0.113", "10.8", "4242", "11112", "8000", "5001"):
        assert secret not in everything
    assert here.says().endswith("RADIO-PC.")


def test_an_alarm_that_was_read_stays_until_the_closing_is_proved(practice):
    """Quiet for a day, red again the next, and at once when somebody comes again."""
    here = practice()
    here.visit(20, dicom=dicom())
    here.pass_time(21)
    here.walk(Read(incident=here.story(Code.STRANGER_ASSOCIATED).number, who="Anne", at=moment(60)))
    here.pass_time(61)
    assert here.level is Level.ATTENTION
    assert here.says() == "Alerte lue par Anne à 10 h 01. La porte est encore ouverte."

    here.visit(120, dicom=dicom())
    here.pass_time(121)
    assert here.level is Level.ALARM


@pytest.mark.parametrize("before", ["page", "window", "answer"])
def test_what_was_read_before_it_was_red_is_red_all_the_same(practice, before):
    """« J'ai vu » was said of a yellow or a blue lamp: the red after it is shown, and read, for itself."""
    here = practice()
    viewer = Application(kind=Kind.HTTP, product="orthanc")
    if before == "page":
        here.check(100, {8000: Leads(port=8000)})
    elif before == "answer":
        here.visit(100, state=ConnectionState.ANSWERED)
    else:
        until = moment(150).wall
        window = Acceptance(
            number=1, machine=IMAGING_MAC, port=8000, until=until, window=True, who="A", why="B", at=moment(20)
        )
        here.walk(window)
        here.check(100, {8000: Leads(port=8000)})
    here.pass_time(160)
    story = next(each for each in here.incidents() if each.mac == IMAGING_MAC)
    assert here.level in (Level.ATTENTION, Level.UNSURE)
    assert story.shown is None
    here.walk(Read(incident=story.number, who="Anne", at=moment(170)))

    here.check(200, {11112: Leads()} if before == "answer" else {8000: Leads(port=8000, app=viewer)})

    red = here.story(Code.DOOR_REACHABLE)
    assert (here.level, red.number, red.read) == (Level.ALARM, story.number, None)
    assert red.shown is not None
    assert red.shown.since(moment(200)) >= timedelta(0)
    here.walk(Read(incident=story.number, who="Anne", at=moment(300)))
    here.pass_time(301)
    assert here.codes == {Code.ALARM_READ}


def test_robots_in_vain_are_counted_and_never_a_colour(practice):
    """Scans and refused knocks; one story with its count, no yellow, no word on the first page."""
    here = practice()
    for n in range(200):
        source = ip_address("203.0.113.0") + n
        here.visit(20 + n / 10, source=source, state=ConnectionState.ATTEMPTED)
        here.visit(20 + n / 10, source=source, state=ConnectionState.REFUSED, target_port=445)
    here.pass_time(45)

    assert (here.level, here.says()) == (Level.CALM, GREEN)
    [story] = [each for each in here.incidents() if each.grade is not None]
    assert (story.count, story.level, story.grade) == (400, Level.NOTE, Grade.REFUSED)


def test_a_practice_where_nothing_happens_is_green_in_the_words_of_what_was_proved(practice):
    """What was proved, how much and when; never that all is well."""
    here = practice()

    assert (here.level, here.codes, here.says(), here.asks()) == (Level.CALM, set(), GREEN, "Rien à faire.")
    assert connection().state is ConnectionState.CONNECTED


# -- from the frame on -------------------------------------------------------------------------------------------


def arp(sender: Address, mac: str, peer: Address, *, to: str = "ff:ff:ff:ff:ff:ff") -> bytes:
    """RFC 826: whoever has this address asks for another one, or answers it."""
    operation = 1 if to == "ff:ff:ff:ff:ff:ff" else 2
    body = (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac_bytes(mac) + sender.packed + bytes(6) + peer.packed
    )
    return mac_bytes(to) + mac_bytes(mac) + struct.pack("!H", 0x0806) + body + bytes(18)


def out(sender: Address, mac: str, port: int) -> bytes:
    """A SYN to somewhere on the internet, by way of the box."""
    frame = tcp_frame(sender, port, STRANGER, 443, Flags.SYN, from_box=False)
    return mac_bytes(BOX_MAC) + mac_bytes(mac) + frame[12:]


def test_from_the_frames_on_only_the_pc_on_the_box_is_told(practice):
    """Three machines: one browses, one only answers the box, one is heard asking for it and never passes."""
    here = practice()
    ear = Ear(here.own, "dc:a6:32:00:00:05")
    for minute in range(0, 90, 3):
        at = 60.0 * minute + 30
        for n, frame in enumerate(
            (
                out(NAS, NAS_MAC, 40_000 + minute),
                arp(CAMERA, CAMERA_MAC, BOX),
                arp(CAMERA, CAMERA_MAC, BOX, to=BOX_MAC),
                arp(PC, PC_MAC, BOX),
            )
        ):
            passed = moment(at + n / 1000)
            here.bring(*ear.feed(read_frame(frame, passed), passed))
    here.check(90 * 60)
    here.pass_time(90 * 60 + 8)

    assert (here.level, here.codes) == (Level.ATTENTION, {Code.NOT_WATCHED})
    assert here.story(Code.NOT_WATCHED).mac == PC_MAC
