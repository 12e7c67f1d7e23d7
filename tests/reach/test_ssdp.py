"""Where the box describes itself: only the gateway is believed, and only about itself."""

import socket
import threading
import time
from contextlib import suppress
from ipaddress import IPv4Address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from sentinel.reach import ssdp
from tests.reach.fakebox import ADDRESS, FakeBox

GATEWAY = IPv4Address("192.168.1.1")


def answer(url: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nlocation:  {url}\r\n\r\n".encode()


@pytest.mark.parametrize(
    "url",
    ["http://192.168.1.1/rootDesc.xml", "http://192.168.1.1:5000/rootDesc.xml", "http://192.168.1.1:49152/a?b=c"],
)
def test_the_gateways_own_description_is_taken(url):
    assert ssdp.location(answer(url), GATEWAY) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.2/rootDesc.xml",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8080/",
        "http://localhost/",
        "http://box.example/rootDesc.xml",
        "https://192.168.1.1/rootDesc.xml",
        "file:///etc/passwd",
        "http://192.168.1.1@evil.example/",
        "http://user:word@192.168.1.1/",
        "http://192.168.1.1.evil.example/",
        "http://192.168.1.1:0/",
        "http://192.168.1.1:99999/",
        "http://192.168.1.1\\@evil.example/",
        "http://[::ffff:192.168.1.1]/",
        "http://3232235777/",
        "http://0xc0a80101/",
        "http://192.168.001.001/",
        "//192.168.1.1/",
        "http://192.168.1.1/\u202egnp.exe",
        "http://192.168.1.1/" + "a" * 300,
        "",
    ],
)
def test_any_other_place_is_refused(url):
    """Another host, another way to write ours, another scheme: what has to be looked at twice is refused."""
    assert ssdp.location(answer(url), GATEWAY) is None


@given(st.binary(max_size=3000) | st.binary(max_size=300).map(lambda end: b"HTTP/1.1 200 OK\r\nLOCATION: " + end))
def test_no_answer_crashes_the_reader_or_leads_elsewhere(data):
    url = ssdp.location(data, GATEWAY)

    assert url is None or URL(url).host == str(GATEWAY)


@given(
    st.from_regex(r"http://[0-9a-z@:.\\/\[\]%#?&]{0,40}192\.168\.1\.1[0-9a-z@:.\\/\[\]%#?&]{0,40}", fullmatch=True)
)
def test_both_readers_of_addresses_agree_on_what_is_the_gateways(url):
    """Ours, which decides, and the one of the HTTP client, which connects."""
    if ssdp.is_of(url, GATEWAY):
        assert urlsplit(url).hostname == URL(url).host == str(GATEWAY)


def test_the_box_is_found_by_asking_it_alone():
    """No multicast reaches a loopback address: the question sent to the gateway itself was heard."""
    box = FakeBox()
    with box.up():
        begun = time.monotonic()
        assert ssdp.description(ADDRESS) == box.url

    assert time.monotonic() - begun < 1
    first = box.datagrams[0].decode()
    assert first.startswith("M-SEARCH * HTTP/1.1\r\n")
    assert f"ST: {ssdp.TARGETS[0]}" in first


def test_an_answer_from_anybody_else_is_not_heard():
    """A device of the LAN answers first, with the gateway's own address even: it is not the one who says so."""
    impostor = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    impostor.bind(("127.0.0.9", 0))
    gateway = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gateway.bind((str(ADDRESS), 0))

    def lie() -> None:
        with suppress(OSError):
            while True:
                _, asker = gateway.recvfrom(2048)
                impostor.sendto(answer(f"http://{ADDRESS}:1/"), asker)

    threading.Thread(target=lie, daemon=True).start()
    with impostor, gateway:
        assert ssdp.description(ADDRESS, port=gateway.getsockname()[1], wait=0.4) is None


def test_a_flood_of_answers_does_not_keep_us():
    """Some hundred nonsense answers to each question, every one looked at and none believed."""
    box = FakeBox()
    box.locations = ["http://192.0.2.1/x"] * 300
    with box.up():
        begun = time.monotonic()
        assert ssdp.description(ADDRESS, wait=0.6) is None

    assert time.monotonic() - begun < 5


def test_a_silent_gateway_is_given_two_seconds():
    begun = time.monotonic()

    assert ssdp.description(IPv4Address("127.0.0.253"), wait=0.3) is None
    assert time.monotonic() - begun < 2
    assert ssdp.WAIT <= 2
