"""Imager's file is read key by key, and nothing in it can be more than what it is meant to be."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sentinel.card.preseed import Preseed, is_hostname, is_key, is_time_zone, read
from sentinel.card.wifi import supplicant
from tests.card.cards import KEY, PRESEED

EXAMPLE = (Path(__file__).parents[2] / "docs/examples/rpi-preseed.toml").read_text(encoding="utf-8")


def whys(found: dict) -> list[str]:
    return [f"{each.why} {each.detail}" for each in read(found).refused]


def test_what_imager_writes_is_understood():
    """Its whole file, as of version 2."""
    wanted = read(tomllib.loads(PRESEED))

    assert wanted.refused == ()
    assert (wanted.hostname, wanted.keys, wanted.time_zone) == ("cabinet-martin", (KEY,), "Indian/Reunion")
    assert wanted.wifi is not None
    assert wanted.wifi.ssid == "Cabinet d’été".encode()


def test_the_example_is_a_good_file_and_lets_nobody_in():
    """Whoever has no Imager copies it, perhaps without reading it: no key of anybody is in it."""
    wanted = read(tomllib.loads(EXAMPLE))

    assert wanted.refused == ()
    assert (wanted.hostname, wanted.keys, wanted.time_zone) == ("sentinel-tilleuls", (), "Europe/Paris")
    assert wanted.wifi is not None


def test_the_examples_place_for_a_key_is_refused_until_a_key_stands_there():
    """Its mark taken away, and then its dots replaced."""
    unmarked = EXAMPLE.replace("#authorized_keys", "authorized_keys")
    placeholder = "ssh-ed25519 … vous@atelier"
    filled = unmarked.replace(placeholder, KEY)

    assert filled != unmarked != EXAMPLE
    assert read(tomllib.loads(unmarked)).keys == ()
    assert whys(tomllib.loads(unmarked)) == ["ssh_key ssh.authorized_keys[0]"]
    assert read(tomllib.loads(filled)).keys == (KEY,)
    assert whys(tomllib.loads(filled)) == []


def test_an_empty_file_asks_for_nothing():
    """Neither does one whose sections are something else."""
    assert read({}) == Preseed()
    assert read({"system": 3, "ssh": [], "wlan": "x", "locale": None, "user": {"name": "pi"}}) == Preseed()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a b",
        "a.b",
        "a_b",
        "-a",
        "a-",
        "é",
        "a" * 64,
        "a\n127.0.0.1 b",
        "12",
        "localhost",
        "\0",
    ],
)
def test_a_name_that_is_no_label_is_refused(name):
    """RFC 1123; then it is called as every sentinel is."""
    assert not is_hostname(name)
    assert read({"system": {"hostname": name}}).hostname == "sentinel"
    assert whys({"system": {"hostname": name}}) == ["hostname system.hostname"]


@pytest.mark.parametrize("value", [3, True, ["a"], {"a": "b"}, 1.5])
@pytest.mark.parametrize(
    "path", ["system.hostname", "locale.timezone", "wlan.country", "wlan.ssid", "wlan.password"]
)
def test_a_value_of_another_kind_is_refused_alone(path, value):
    """The rest of the file is used."""
    section, _, name = path.partition(".")
    found = tomllib.loads(PRESEED)
    found[section][name] = value

    wanted = read(found)

    assert [each.detail for each in wanted.refused] == [path]
    assert wanted.keys == (KEY,)


@pytest.mark.parametrize(
    "line",
    [
        f'command="rm -rf /" {KEY}',
        f"{KEY}\nssh-ed25519 AAAA",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 AAAA",
        KEY.replace("ssh-ed25519", "ssh-rsa", 1),
        f"{KEY} {'x' * 9000}",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "",
        f"{KEY}\0",
    ],
)
def test_what_is_no_plain_public_key_lets_nobody_in(line):
    """One line, no options, and the kind inside is the kind outside; other keys still count."""
    assert not is_key(line)
    wanted = read({"ssh": {"authorized_keys": [line, KEY]}})
    assert wanted.keys == (KEY,)
    assert [each.detail for each in wanted.refused] == ["ssh.authorized_keys[0]"]


def test_without_a_key_or_switched_off_nobody_comes_in():
    """And never by a password, which is said."""
    assert read({"ssh": {"enabled": False, "authorized_keys": [KEY]}}).keys == ()
    assert read({"ssh": {"enabled": True, "password_authentication": True}}).keys == ()
    assert whys({"ssh": {"password_authentication": True}}) == ["ssh_password ssh.password_authentication"]
    assert whys({"ssh": {"authorized_keys": "all"}}) == ["ssh_key ssh.authorized_keys"]
    assert whys({"ssh": {"authorized_keys": [KEY] * 21}}) == ["ssh_key ssh.authorized_keys"]


@pytest.mark.parametrize(
    "zone",
    ["../../etc/passwd", "/etc/passwd", "Europe", "Europe/Nowhere", "Europe/../Paris", "a" * 99, "Europe/Paris\n"],
)
def test_a_zone_this_machine_does_not_know_is_refused(zone):
    """None leads out of the folder of zones."""
    assert not is_time_zone(zone)
    assert read({"locale": {"timezone": zone}}).time_zone == ""


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "UTC", "America/Port-au-Prince", "Etc/GMT+4", "America/Argentina/Salta"]
)
def test_zones_are_known_by_their_names(zone):
    """France is large."""
    assert is_time_zone(zone)


def test_another_major_version_is_told_and_tried():
    """What is understood is used."""
    assert whys({"config_version": "2.0", "system": {"hostname": "a"}}) == ["version config_version"]
    assert read({"config_version": "1.9"}).refused == ()


WILD = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=40) | some.binary(max_size=4),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
SECTION = some.dictionaries(
    some.sampled_from(
        [
            "hostname",
            "password",
            "authorized_keys",
            "enabled",
            "ssid",
            "ssid_hex",
            "key_mgmt",
            "hidden",
            "timezone",
        ]
    ),
    WILD,
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(some.dictionaries(some.sampled_from(["system", "ssh", "wlan", "locale", "config_version"]), SECTION | WILD))
def test_whatever_is_in_it_what_comes_out_is_checked(found):
    """No line end in a name, a key or the words for Wi-Fi beyond those that are meant."""
    wanted = read(found)

    assert is_hostname(wanted.hostname)
    assert all(is_key(each) for each in wanted.keys)
    assert not wanted.time_zone or is_time_zone(wanted.time_zone)
    if wanted.wifi:
        words = supplicant(wanted.wifi).splitlines()
        assert all(line.strip("\t").partition("=")[0] in KNOWN for line in words)


KNOWN = {"country", "network", "ssid", "scan_ssid", "key_mgmt", "psk", "sae_password", "ieee80211w", "}"}
