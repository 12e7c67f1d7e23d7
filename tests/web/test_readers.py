"""Who may read the page: the practice's own, whom it names, and never the box."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from furnished import NOW, Cabinet

from sentinel.config import Capture, Config
from sentinel.lan import Lan
from sentinel.store import rows
from web.readers import is_reader, may_read, plain
from web.scene import Surroundings

HERE = Lan(
    networks=tuple(ip_network(each) for each in ("192.168.77.0/24", "fe80::/64", "2a00:2500::/64")),
    gateways=(ip_address("192.168.77.1"), ip_address("fe80::aaaa")),
    addresses=(ip_address("192.168.77.5"), ip_address("10.9.0.2")),
)

DECLARED = Config(capture=Capture(prefixes=("172.30.0.0/24",), box=("172.30.0.254",)))


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("192.168.77.31", True),
        ("192.168.77.5", True),  # ourselves
        ("10.9.0.2", True),  # ourselves, by another card
        ("fe80::31", True),
        ("2a00:2500::31", True),
        ("172.30.0.9", True),  # declared
        ("192.168.77.1", False),  # the box: anybody of the internet
        ("fe80::aaaa", False),
        ("172.30.0.254", False),  # a box that was named
        ("192.168.78.31", False),
        ("10.0.0.9", False),
        ("8.8.8.8", False),
        ("2a00:2501::31", False),
    ],
)
def test_a_reader_is_of_our_networks_and_not_the_box(client, expected):
    """Connected, declared, ourselves; private alone is not enough."""
    assert is_reader(ip_address(client), HERE, DECLARED) is expected


def test_an_unknown_network_lets_nobody_in():
    """Where the kernel's tables cannot be read, only what was declared is a reader."""
    assert not is_reader(ip_address("192.168.77.31"), Lan(), DECLARED)
    assert is_reader(ip_address("172.30.0.9"), Lan(), DECLARED)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.77.31", "192.168.77.31"),
        ("::ffff:192.168.77.31", "192.168.77.31"),
        ("fe80::31%lan0", "fe80::31"),
        ("", None),
        ("page", None),
    ],
)
def test_an_address_is_read_without_its_coat(text, address):
    """IPv4 over an IPv6 socket, and link-local with its card."""
    assert plain(text) == (address and ip_address(address))


@pytest.fixture
def around(cabinet: Cabinet) -> Surroundings:
    return Surroundings(config=cabinet.config, places=cabinet.places, clock=lambda: None, boot="", secret=b"")  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_may_always_read(around, client):
    """Whatever else is known."""
    assert may_read(client, around)


def test_what_was_set_on_the_page_counts_at_once_and_survives_watch(cabinet: Cabinet, around):
    """The technician's VPN, set a moment ago; with no store, the file's word alone."""
    assert not may_read("10.99.0.7", around)
    value = '{"language": "fr", "page_from": ["10.99.0.0/24"], "months": 6}'
    cabinet.add("settings", {"section": "reading", "value": value, "who": "Anne", "at": rows.text(NOW)})
    assert may_read("10.99.0.7", around)

    cabinet.places.store.unlink()
    assert not may_read("10.99.0.7", around)
    page = replace(cabinet.config.page, page_from=("10.99.0.0/24",))
    assert may_read("10.99.0.7", replace(around, config=replace(cabinet.config, page=page)))


@pytest.mark.parametrize(
    "path", ["/", "/code", "/healthz", "/api/v1/status", "/incidents", "/static/sentinel.css"]
)
def test_a_stranger_is_told_so_in_one_sentence(cabinet: Cabinet, path):
    """On every address, and nothing of the practice with it."""
    answer = cabinet.insider().get(path, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})

    assert answer.status_code == 403
    assert answer.text == "Cette page ne répond qu’aux appareils du cabinet.\n"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
