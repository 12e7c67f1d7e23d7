"""The machines that were heard, their names, and whether the sentinel sees their traffic."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from ipaddress import ip_address

import pytest
from furnished import CONFIG, MAC, MACHINE, NOW, PHONE, TOKEN, Cabinet, incident, moment
from furnished import PANO as OTHER
from werkzeug.datastructures import MultiDict

from sentinel.config import Capture
from sentinel.model.box import BoxReading, Reading
from sentinel.model.declared import View
from sentinel.model.finding import Code, Level, Story, StoryKind
from sentinel.model.incident import IncidentState
from sentinel.model.machine import Kind, Service
from sentinel.settings import understood
from sentinel.store import rows
from sentinel.store.heard import Machine
from sentinel.wire.requests import LARGEST, Verb
from web.machines import AT_ONCE, PAGE

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def unheard(cabinet: Cabinet) -> None:
    """Each test brings its own machines."""
    for table in ("machines", "traits", "uplinks"):
        cabinet.clear(table)


def heard(mac: str, address: str, first: timedelta, last: timedelta, crossed: timedelta | None = None) -> dict:
    """One row, so long ago."""
    times = {"first": NOW - first, "last": NOW - last, "crossed": None if crossed is None else NOW - crossed}
    kept = {name: when and rows.text(when) for name, when in times.items()}
    return {"mac": mac, "address": address, "seen_by": "arp", **kept}


def listed(cabinet: Cabinet, path: str = "/machines") -> list[str]:
    """Each machine of the page, as it is read, its label's field too."""
    page = cabinet.insider().get(path).text
    return [
        " ".join(unescape(re.sub(r'<input[^>]*value="([^"]*)"[^>]*>|<[^>]+>', r" \1 ", each)).split())
        for each in re.findall(r'<li class="machine">.*?</li>', page, re.DOTALL)
    ]


def test_each_machine_is_one_entry_with_its_addresses_and_its_stories(cabinet):
    """However many addresses it has."""
    cabinet.add("machines", heard(MAC, MACHINE, DAY, HOUR, HOUR), heard(MAC, "fe80::20", DAY, HOUR, None))

    [machine] = listed(cabinet)

    assert machine.startswith(f"RADIO-PC {MAC}")
    assert MACHINE in machine
    assert "fe80::20" in machine
    assert "passe par la prise surveillée" in machine
    assert "alerte" in machine


@pytest.mark.parametrize(
    ("times", "view", "said"),
    [
        ((DAY, HOUR, HOUR), View.MIRROR, "passe par la prise surveillée"),
        ((30 * DAY, HOUR, 6 * DAY), View.MIRROR, "passe par la prise surveillée"),
        ((30 * DAY, 20 * DAY, 21 * DAY), View.MIRROR, "passe par la prise surveillée"),  # switched off since
        ((30 * DAY, HOUR, 8 * DAY), View.MIRROR, "on ne sait pas"),
        ((2 * DAY, HOUR, None), View.MIRROR, "on ne sait pas"),
        ((2 * DAY, HOUR, HOUR), View.LIMITED, "on ne sait pas"),
    ],
)
def test_whether_a_machine_is_watched_is_said_only_where_it_is_known(cabinet, times, view, said):
    """Seen to pass within a week of being heard; a limited view knows it of none."""
    cabinet.config = replace(CONFIG, capture=Capture(view=view))
    cabinet.add("machines", heard(OTHER, "192.168.77.31", *times))

    assert said in listed(cabinet)[0]


@pytest.mark.parametrize(
    ("state", "said"), [(IncidentState.OPEN, "jamais vu passer"), (IncidentState.CLOSED, "on ne sait pas")]
)
def test_what_the_street_says_of_a_machine_is_said_here(cabinet, state, said):
    """And counted above the list, for as long as it is so."""
    story = Story(kind=StoryKind.WEAK_POINT, about=f"{OTHER} not_watched")
    told = incident(2, story=story, code=Code.NOT_WATCHED, mac=OTHER, state=state, level=Level.ATTENTION)
    cabinet.add("incidents", rows.incident_row(told))
    cabinet.add("machines", heard(OTHER, "192.168.77.31", DAY, HOUR))

    assert said in listed(cabinet)[0]
    page = cabinet.insider().get("/machines").text
    assert ("dont 1 jamais vu passer" in page) is (state is IncidentState.OPEN)


def test_the_box_is_no_machine_that_passes(cabinet):
    """It is what they pass to."""
    box = BoxReading(reading=Reading.READ, at=moment(), gateway=ip_address("192.168.77.1"))
    cabinet.add("box", rows.box_row(box))
    cabinet.add("machines", heard(OTHER, "192.168.77.1", DAY, HOUR))

    assert "la box" in listed(cabinet)[0]


def test_invented_addresses_stand_after_the_others_and_silent_names_last(cabinet):
    """Named machines first, by name."""
    cabinet.config = replace(CONFIG, labels={MAC: "RADIO-PC", OTHER: "Panoramique", "aa:bb:cc:dd:ee:00": "NAS"})
    cabinet.add(
        "machines",
        heard(PHONE, "192.168.77.55", DAY, timedelta(0)),
        heard("00:00:00:00:00:09", "192.168.77.9", DAY, timedelta(0)),
        heard(MAC, MACHINE, DAY, HOUR),
        heard(OTHER, "192.168.77.31", DAY, HOUR),
    )

    macs = [re.search(r"(..:){5}..", each)[0] for each in listed(cabinet)]

    assert macs == [OTHER, MAC, "00:00:00:00:00:09", PHONE, "aa:bb:cc:dd:ee:00"]
    assert "jamais entendu" in listed(cabinet)[-1]


@pytest.mark.parametrize("octet", ["02", "06", "0a", "0e", "12", "d6", "da", "fe", "00", "04", "08", "10", "dc"])
def test_an_invented_address_is_known_by_its_second_bit(octet):
    """IEEE 802: locally administered."""
    machine = Machine(mac=f"{octet}:00:00:00:00:01", first=NOW, last=NOW, crossed=None)

    assert machine.is_random is (octet[1] in "26ae")


def trait(mac: str, word: str, port: int = 0, host: str = "") -> dict:
    """One row."""
    return {"mac": mac, "trait": word, "port": port, "host": host, "last": rows.text(NOW)}


def test_what_a_machine_tells_of_itself_stands_beside_it(cabinet):
    """Its maker, what it says it is, what it offers, and under which name; another machine's is another's."""
    cabinet.add("machines", {**heard(MAC, MACHINE, DAY, HOUR, HOUR), "vendor": "Dell Inc."})
    cabinet.add("machines", heard(OTHER, "192.168.77.31", DAY, HOUR))
    cabinet.add("traits", trait(MAC, "windows"), trait(MAC, "storage"), trait(MAC, "smb", 445, "radio-pc"))
    cabinet.add("traits", trait(MAC, "dicom", 11112, "radio-pc"))

    named, other = listed(cabinet)

    assert f"{MAC} Dell Inc. {MACHINE}" in named
    assert "Se présente comme : disque réseau, Windows" in named
    offers = "partage de fichiers SMB, port 445, imagerie DICOM, port 11112 (radio-pc)"
    assert f"Annonce : {offers}" in named
    assert not [each for each in ("Dell", "Annonce", "Se présente") if each in other]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_word_for_a_machine_is_in_both_languages(cabinet, language):
    """Each kind, each service: a missing one would be an error here."""
    cabinet.config = replace(CONFIG, page=replace(CONFIG.page, language=language))
    cabinet.add("machines", heard(MAC, MACHINE, DAY, HOUR))
    cabinet.add("traits", *(trait(MAC, each) for each in Kind), *(trait(MAC, each, 7) for each in Service))

    [machine] = listed(cabinet)

    assert machine.count("7") >= len(Service)
    assert "kind." not in machine
    assert "offer." not in machine


def test_invented_addresses_are_one_line_with_their_number(cabinet):
    """However many there are, on however many pages; nobody looks at each telephone of the waiting room."""
    cabinet.add("machines", *(heard(f"da:a1:19:00:00:{n:02x}", f"10.0.0.{n}", DAY, HOUR) for n in range(70)))
    cabinet.add("machines", heard(OTHER, "192.168.77.31", DAY, HOUR))

    for path in ("/machines", "/machines?page=2"):
        page = cabinet.insider().get(path).text
        [group] = re.findall(r"<section>\s*(<details.*?</details>)", page, re.DOTALL)
        assert group.startswith("<details>\n<summary>70 adresses inventées</summary>")
        assert OTHER not in group
    assert group.count('<li class="machine">') == 21


@pytest.mark.parametrize("why", ["name", "offer", "story"])
def test_an_invented_address_that_matters_is_not_folded_away(cabinet, why):
    """It has a name, offers files, or is part of a story."""
    cabinet.add("machines", heard(PHONE, "192.168.77.55", DAY, HOUR))
    if why == "name":
        cabinet.config = replace(CONFIG, labels={PHONE: "Portable"})
    elif why == "offer":
        cabinet.add("traits", trait(PHONE, "smb", 445))
    else:
        cabinet.add("incidents", rows.incident_row(incident(3, mac=PHONE)))

    assert "<details open>\n<summary>1 adresse inventée</summary>" in cabinet.insider().get("/machines").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "branchée sur la prise gi1/0/3 du commutateur 00:1b:54:aa:bb:cc (Cisco Systems, Inc)."),
        (
            {"port": ""},
            "branchée sur le commutateur 00:1b:54:aa:bb:cc (Cisco Systems, Inc), qui ne nomme pas la prise.",
        ),
        ({"vendor": ""}, "(fabricant inconnu)."),
        ({"vlan": 20}, "Réseau de cette prise\u00a0: VLAN 20."),
    ],
)
def test_the_switch_we_hang_on_is_named_with_its_port(cabinet, change, said):
    """As it says itself; where none tells, nothing is said."""
    assert "commutateur" not in plain(cabinet)
    row = {
        "said_by": "lldp",
        "switch": "00:1b:54:aa:bb:cc",
        "port": "gi1/0/3",
        "vlan": None,
        "last": rows.text(NOW),
    }
    cabinet.add("uplinks", {**row, "vendor": "Cisco Systems, Inc", **change})

    assert said in plain(cabinet)


def plain(cabinet: Cabinet) -> str:
    """The page as it is read."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", cabinet.insider().get("/machines").text)).split(" "))


def test_what_a_machine_calls_itself_is_never_markup(cabinet):
    """The store may have been written by anybody."""
    cabinet.add("machines", {**heard(MAC, MACHINE, DAY, HOUR), "vendor": "<script>x()"})
    cabinet.add("traits", trait(MAC, "smb", 445, "<script>x()"))

    assert "<script>x" not in cabinet.insider().get("/machines").text


def test_two_thousand_machines_are_forty_pages(cabinet):
    """None of them heavy."""
    cabinet.add(
        "machines",
        *(
            heard(f"00:00:00:00:{n >> 8:02x}:{n & 255:02x}", f"10.0.{n >> 8}.{n & 255}", DAY, HOUR)
            for n in range(2000)
        ),
    )
    browser = cabinet.insider()

    page = browser.get("/machines?page=40")

    assert page.text.count('<li class="machine">') == PAGE
    assert "Page 40 sur 41" in page.text.replace("\u00a0", " ")
    assert len(page.data) < 100_000
    assert browser.get("/machines?page=999999999999").status_code == 200
    assert browser.get("/machines?page=-1").status_code == 200


def send(cabinet: Cabinet, **fields: str):
    browser = cabinet.insider()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/machines").text)
    return browser.post("/machines/labels", data=MultiDict({**fields, "csrf_token": token[1], "who": "Anne"}))


def test_only_names_that_changed_are_sent(cabinet, watch):
    """In lower-case addresses, on one line; an emptied one too; anything else of the form is nothing."""
    fields = {
        f"label-{OTHER}": "  Pano\n ramique ",
        f"label-{MAC}": "RADIO-PC",
        f"label-{PHONE}": "",
        "label-x": "y",
    }

    answer = send(cabinet, **fields)

    assert answer.headers["Location"] == "/machines"
    [wish] = cabinet.heard
    assert (wish.verb, wish.section, wish.who, wish.session) == (Verb.SETTING, "labels", "Anne", TOKEN)
    assert understood("labels", wish.value) == {OTHER: "Pano ramique"}
    send(cabinet, **{f"label-{MAC}": ""})
    assert understood("labels", cabinet.heard[-1].value) == {MAC: ""}


def test_a_name_without_a_name_is_not_kept(cabinet, watch):
    """Whoever names a machine says who they are."""
    browser = cabinet.insider()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/machines").text)

    browser.post("/machines/labels", data={f"label-{OTHER}": "Pano", "who": " ", "csrf_token": token[1]})

    assert cabinet.heard == []
    assert "Indiquez votre prénom" in browser.get("/machines").text


def test_a_page_of_long_names_takes_several_requests(cabinet, watch):
    """Each of them fits."""
    long = "é" * 40
    send(cabinet, **{f"label-00:00:00:00:00:{n:02x}": long for n in range(PAGE)})

    assert len(cabinet.heard) == -(-PAGE // AT_ONCE)
    assert all(len(wish.value.encode()) < LARGEST - 1000 for wish in cabinet.heard)
    assert sum(len(understood("labels", wish.value)) for wish in cabinet.heard) == PAGE


def test_a_name_is_never_markup(cabinet):
    """Whoever may write it."""
    cabinet.config = replace(CONFIG, labels={MAC: '"><script>x()'})
    cabinet.add("machines", heard(MAC, MACHINE, DAY, HOUR))

    page = cabinet.insider().get("/machines").text

    assert "<script>x" not in page
    assert "&#34;&gt;&lt;script&gt;x()" in page


def test_machines_are_behind_the_code(cabinet):
    """To read and to name."""
    assert cabinet.visitor().get("/machines").headers["Location"].startswith("/code")
