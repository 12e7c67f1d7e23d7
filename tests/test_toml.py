"""One file, every default working, and every mistake of it told at once."""

import json
import tomllib
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.config import SECTIONS, Config, LampKind, Language, Whose
from sentinel.errors import ConfigurationError
from sentinel.model.declared import View
from sentinel.toml import load, networks, parse


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    return caught.value.mistakes


# -- defaults ----------------------------------------------------------------------------------------------------


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path: Path):
    """A laptop needs no configuration."""
    (tmp_path / "empty.toml").write_text("")

    assert load(tmp_path / "none.toml") == load(tmp_path / "empty.toml") == Config()


def test_the_defaults_are_a_sentinel_on_a_laptop():
    """A simulated lamp, a page on loopback, a mirror that must prove itself, no echo."""
    config = Config()

    assert (config.lamp.kind, config.page.host, config.page.port) == (LampKind.SIMULATED, "127.0.0.1", 8080)
    assert (config.capture.view, config.echo.invitation, config.expected) == (View.MIRROR, "", ())
    assert (config.page.language, config.practice.opens) == (Language.FR, time(8, 0))


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_has_a_default_that_passes_for_a_value(name):
    """Written out, the defaults are a valid file."""
    section = SECTIONS[name]()
    lines = [f"[{name}]"]
    for each in fields(section):
        value = getattr(section, each.name)
        if isinstance(value, tuple):
            value = list(value)
        written = (
            value.isoformat()
            if isinstance(value, time)
            else json.dumps(value)
            if isinstance(value, bool)
            else repr(str(value) if isinstance(value, str) else value)
        )
        lines.append(f"{each.name} = {written}")

    assert getattr(parse("\n".join(lines)), name) == section


def test_a_whole_file_is_read_as_it_is_meant():
    """Every section, with accents, times, addresses of both families."""
    config = parse(
        """
        [practice]
        name = "Cabinet de l'Église"
        opens = 08:30:00
        days = [1, 2, 6]
        [capture]
        interface = "eth1"
        view = "limited"
        prefixes = ["192.168.2.0/24", "2001:db8:2::/64"]
        box = ["192.168.1.254", "fe80::1"]
        images_left_mb = 5
        [labels]
        "AA:BB:CC:DD:EE:FF" = "RADIO-PC"
        [[expected]]
        machine = "AA:BB:CC:DD:EE:FF"
        port = 443
        until = 2027-01-04
        who = "Anne"
        why = "portail"
        [echo]
        expect_open = [1194]
        [lamp]
        kind = "pins"
        pins = [17, 27, 22]
        [page]
        language = "en"
        [store]
        batch_seconds = 60
        """
    )

    assert (config.practice.opens, config.practice.days) == (time(8, 30), (1, 2, 6))
    assert (config.capture.view, config.capture.images_left_mb) == (View.LIMITED, 5)
    assert config.labels == {"aa:bb:cc:dd:ee:ff": "RADIO-PC"}
    (door,) = config.expected
    assert (door.source, door.until) == ("any", date(2027, 1, 4))
    assert [str(each) for each in networks(config.capture.prefixes)] == ["192.168.2.0/24", "2001:db8:2::/64"]
    assert (config.lamp.pins, config.page.language) == ((17, 27, 22), Language.EN)


def test_every_public_thing_of_the_configuration_is_frozen():
    """A room receives its section and cannot change it."""
    assert all(is_dataclass(kind) and kind.__dataclass_params__.frozen for kind in SECTIONS.values())


# -- mistakes ----------------------------------------------------------------------------------------------------

EVERYTHING_WRONG = """
colour = "red"
[practise]
name = "Cabinet"
[practice]
contct = "Anne"
days = [1, 8]
time_zone = "Europe"
[capture]
view = "miror"
prefixes = ["192.168.2.1/24"]
images_left_mb = -1
[labels]
"radio" = 7
[[expected]]
machine = "radio"
port = 70000
until = 2027-01-04
who = "Anne"
why = "portail"
[[expected]]
machine = "aa:bb:cc:dd:ee:ff"
port = 443
source = "everybody"
[echo]
extra_ports = [0]
[lamp]
kind = "pins"
pins = [1, 1]
[page]
port = "8080"
host = "localhost"
[store]
batch_seconds = 1e9
"""


def test_every_mistake_is_told_at_once_and_where_it_is():
    """Wrong words, wrong types, wrong values and what contradicts itself, in one reading."""
    told = "\n".join(mistakes(EVERYTHING_WRONG))

    for place in (
        "colour",
        "practise",
        "practice.contct",
        "practice.days",
        "practice.time_zone",
        "capture.view",
        "capture.prefixes",
        "capture.images_left_mb",
        "labels.'radio'",
        "expected[0].machine",
        "expected[0].port",
        "expected[1].until: missing",
        "expected[1].who: missing",
        "echo.extra_ports",
        "lamp.pins",
        "page.port",
        "page.host",
        "store.batch_seconds",
    ):
        assert place in told, place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[practise]", ["practise", "did you mean practice?"]),
        ("[practice]\ncontct = 'Anne'", ["practice.contct", "did you mean practice.contact?"]),
        ("[page]\nzzz = 1", ["page.zzz", "known here: host, port, language, code"]),
        ("[page]\nport = '8080'", ["page.port = '8080'", "expected `int`", "got `str`"]),
        ("[page]\nport = 65536", ["page.port = 65536", "1-65535"]),
        ("[capture]\nview = 'miror'", ["capture.view = 'miror'", "mirror, limited"]),
        ("[capture]\ninterface = 'eth 0'", ["capture.interface = 'eth 0'", "eth1", "MAC address"]),
        ("[capture]\ninterface = 'b8:27:eb:12:34'", ["capture.interface = 'b8:27:eb:12:34'", "MAC address"]),
        ("[capture]\ninterface = 'b8-27-eb-12-34-56'", ["capture.interface", "MAC address"]),
        ("[capture]\ninterface = '..'", ["capture.interface"]),
        ("[lamp]\nkind = 'neon'", ["lamp.kind = 'neon'", "simulated, board, pins, traffic"]),
        ("[lamp]\nkind = 'traffic'\npins = [17]", ["lamp.pins = [17]", "red, yellow, green"]),
        ("[lamp]\nbutton = 28", ["lamp.button = 28", "a pin of its own"]),
        ("[lamp]\nkind = 'pins'\npins = [17]\nbutton = 17", ["lamp.button = 17"]),
        ("[update]\nsource = 'http://example.org'", ["update.source = 'http://example.org'", "https://"]),
        ("[update]\nautomatic = true", ["update.automatic", "update.source"]),
        ("[update]\nopens = 02:00:00\ncloses = 02:00:00", ["update.closes = 02:00:00", "another time"]),
        ("page = 3", ["page: ", "expected a section [page]"]),
        ("lamp = 3", ["lamp = 3", "expected a section [lamp]"]),
        ("expected = 3", ["expected = 3", "[[expected]]"]),
        ("expected = [3]", ["expected[0] = 3"]),
        ("labels = []", ["labels = []", "expected a section [labels]"]),
        ("[practice]\ntime_zone = 'Mars'", ["practice.time_zone = 'Mars'", "Europe/Paris"]),
        ("[practice]\ntime_zone = 'Europe'", ["practice.time_zone"]),
        ("[practice]\ntime_zone = ''", ["practice.time_zone"]),
        ("[capture]\nimages_left_mb = nan", ["capture.images_left_mb"]),
        ("[capture]\nimages_left_mb = inf", ["capture.images_left_mb"]),
        ("[store]\nbatch_seconds = nan", ["store.batch_seconds"]),
        ("[lamp]\nkind = 'pins'", ["lamp.pins"]),
        ("[lamp]\nkind = 'pins'\npins = [17, 17, 22]", ["lamp.pins"]),
        ("[lamp]\nkind = 'pins'\npins = [99]", ["lamp.pins", "0-27"]),
        ("[page]\ncode = '--'", ["page.code"]),
        ("[page]\ncode = 'a-b'", ["page.code", "4"]),
        ("[page]\nport = 8443\nhttps_port = 8443", ["page.https_port", "another port"]),
        ("[page]\nhttps_port = 70000", ["page.https_port", "1-65535"]),
        ("[page]\npage_from = ['10.99.0.1/24']", ["page.page_from"]),
    ],
)
def test_a_mistake_names_path_value_and_what_was_expected(text, words):
    """In one sentence, with the nearest known key where there is one."""
    told = "\n".join(mistakes(text))

    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[notices]\npractice = 'mailtos://sophie:ZZ5ECRET@smtp.example.org'", "notices.practice: expected"),
        ("[notices]\npractice = [['mailtos://sophie:ZZ5ECRET@smtp.example.org']]", "notices.practice: expected"),
        ("[notices]\npractice = ['ZZ5ECRET']", "notices.practice[0]: expected"),
        ("[notices]\ntechnician = {url = 'ntfys://ZZ5ECRET'}", "notices.technician: expected"),
        ("[notices]\ndrill = 'mailtos://sophie:ZZ5ECRET@smtp.example.org'", "notices.drill: expected"),
        ("notices = 'mailtos://sophie:ZZ5ECRET@smtp.example.org'", "notices: expected a section"),
        ("notices = ['mailtos://sophie:ZZ5ECRET@smtp.example.org']", "notices: expected a section"),
        ("[[notices]]\npractice = ['mailtos://sophie:ZZ5ECRET@smtp.example.org']", "notices: expected a section"),
        ("[page]\ncode = ['ZZ5ECRET']", "page.code: expected"),
        ("page = 'ZZ5ECRET'", "page: expected a section"),
        ("[echo]\ninvitation = ['sentinel-echo://ZZ5ECRET']", "echo.invitation: expected"),
        ("[echo]\ninvitations = 'sentinel-echo://ZZ5ECRET'", "echo.invitations: expected"),
        ("echo = 'sentinel-echo://ZZ5ECRET'", "echo: expected a section"),
    ],
)
def test_a_mistake_never_repeats_a_password_a_code_or_an_invitation(text, place):
    """It goes to the console and to the system's journal; forgotten brackets are the likeliest mistake of all."""
    (told,) = mistakes(text)

    assert told.startswith(place)
    assert "ZZ5ECRET" not in told


def test_a_code_written_as_a_number_is_not_repeated_either():
    """Eight figures without quotes."""
    (told,) = mistakes("[page]\ncode = 12345678")

    assert told.startswith("page.code: expected")
    assert "12345678" not in told


@pytest.mark.parametrize("text", ["[", "a = ", "a = 1\na = 2", "\0", "a = " + "[" * 5_000])
def test_what_is_no_toml_is_said_to_be_none(text):
    """With the place, and without a traceback."""
    (mistake,) = mistakes(text)

    assert mistake.startswith("not TOML")


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path):
    """A folder, or bytes that are no text."""
    (tmp_path / "latin.toml").write_bytes(b"[practice]\nname = '\xe9'")
    for path in (tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load(path)


def test_a_door_is_never_accepted_into_a_week_end():
    """Nobody is there on a Saturday to see it end."""
    text = '[[expected]]\nmachine = "10.0.0.1"\nport = 443\nwho = "A"\nwhy = "B"\nuntil = '

    assert parse(text + "2027-01-04").expected[0].until == date(2027, 1, 4)  # a Monday
    for day in ("2027-01-01", "2027-01-02", "2027-01-03"):  # Friday to Sunday
        assert "expected[0].until" in mistakes(text + day)[0]


def test_half_the_internet_is_nobodys_network():
    """Whoever accepts anybody says so: `any` ends after 90 days where the door is red."""
    text = '[[expected]]\nmachine = "10.0.0.1"\nport = 443\nwho = "A"\nwhy = "B"\nuntil = 2027-01-04\nsource = '

    assert parse(text + '"198.51.100.0/24"').expected[0].source == "198.51.100.0/24"
    assert "somebody's network" in mistakes(text + '"0.0.0.0/1"')[0]


# -- whatever is written -----------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [*SECTIONS, "labels", "expected", *(each.name for kind in SECTIONS.values() for each in fields(kind))]
) | st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
SCALARS = (
    st.integers()
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.text(max_size=12)
    | st.sampled_from(["any", "mirror", "pins", "10.0.0.0/8", "::/0", "aa:bb:cc:dd:ee:ff", "Europe", "127.0.0.1"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def toml(value: object) -> str:
    """Any of those values as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return (
            '"' + "".join(f"\\U{ord(letter):08x}" for letter in value if not 0xD800 <= ord(letter) < 0xE000) + '"'
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_document_is_read_or_refused(document: dict[str, object]):
    """Nothing but a configuration or its mistakes ever comes of it."""
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    tomllib.loads(text)
    with suppress(ConfigurationError):
        assert isinstance(parse(text), Config)


@given(st.sampled_from(list(SECTIONS)), st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_section_is_read_or_refused(name: str, table: dict[str, object]):
    """The same within a section that exists."""
    text = f"[{name}]\n" + "\n".join(f"{key} = {toml(value)}" for key, value in table.items())
    with suppress(ConfigurationError):
        assert isinstance(parse(text), Config)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str):
    """Also where it is no TOML at all."""
    with suppress(ConfigurationError):
        assert isinstance(parse(text), Config)


# -- the echoes --------------------------------------------------------------------------------------------------


def test_one_invitation_or_several_come_to_the_same():
    """The old key stays, and both may be used."""
    both = parse('[echo]\ninvitation = "a"\ninvitations = ["b", "a"]\n').echo

    assert both.all_invitations == ("a", "b")
    assert Config().echo.all_invitations == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[echo]\ninvitation = "a"\ninvitations = ["b", "c", "d"]', "echo.invitations: 4 echoes, 3 at most"),
        ('[echo]\naddress = "own"', "echo.declared_by: missing"),
        ('[echo]\naddress = "shared"\ndeclared_by = " "', "echo.declared_by: missing"),
        ('[echo]\naddress = "mine"', "expected one of auto, own, shared"),
        ("[echo]\nport_share = [16384, 32767]", "echo.declared_by: missing"),
        ('[echo]\nport_share = [200, 100]\ndeclared_by = "S"', "echo.port_share = [200, 100]"),
        ('[echo]\nport_share = [0, 1023]\ndeclared_by = "S"', "echo.port_share = [0, 1023]"),
        ("[echo]\nport_share = [16384]", "echo.port_share"),
        ('[echo]\nidentify = "everything"', "expected one of none, new_no_tls, new, all"),
        ('[capture]\nfirewall = "the black one"', "capture.firewall = 'the black one'"),
    ],
)
def test_what_is_said_of_an_address_must_make_sense(text, words):
    """Whoever declares an address answers for it."""
    (mistake,) = mistakes(text)

    assert words in mistake


def test_a_declared_address_and_a_firewall_are_read():
    """As an installer writes them."""
    config = parse(
        '[capture]\nfirewall = "02:CA:B0:00:00:14"\n'
        '[echo]\naddress = "own"\ndeclared_by = "Sophie, 2026-11-23"\nport_share = [16384, 32767]\n'
    )

    assert (config.capture.firewall, config.echo.address) == ("02:CA:B0:00:00:14", Whose.OWN)
    assert config.echo.port_share == (16_384, 32_767)
