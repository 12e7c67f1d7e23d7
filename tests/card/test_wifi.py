"""The words for Wi-Fi: no name and no passphrase can become a word of that file."""

import pytest

from sentinel.card.refusal import Why
from sentinel.card.wifi import Kind, WrongWifi, supplicant, wifi

KEY = "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"


def words(section: dict, country: str = "") -> str:
    return supplicant(wifi(section, country))


def test_a_passphrase_becomes_the_key_that_the_standard_makes_of_it():
    """The first test vector of IEEE 802.11 annex J.4: SSID "IEEE", passphrase "password"."""
    assert f"psk={KEY}" in words({"ssid": "IEEE", "password": "password"})


def test_the_key_that_imager_has_made_is_taken():
    """It says `password_encrypted`; sixty-four hexadecimal digits say it as well."""
    section = {"ssid": "IEEE", "password": KEY.upper(), "password_encrypted": True}

    assert words(section) == (
        f"network={{\n\tssid=49454545\n\tkey_mgmt=WPA-PSK WPA-PSK-SHA256\n\tpsk={KEY}\n\tieee80211w=1\n}}\n"
    )


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"ssid": "a"}, ["key_mgmt=NONE"]),
        ({"ssid": "a", "key_mgmt": "none"}, ["key_mgmt=NONE"]),
        ({"ssid": "a", "key_mgmt": "owe"}, ["key_mgmt=OWE", "ieee80211w=2"]),
        ({"ssid": "a", "key_mgmt": "sae", "password": 'a"b#'}, ["key_mgmt=SAE", 'sae_password="a"b#"']),
        ({"ssid": "a", "hidden": True}, ["scan_ssid=1"]),
        ({"ssid_hex": "ff00"}, ["ssid=ff00"]),
    ],
)
def test_every_kind_of_network_has_its_words(section, told):
    """wpa_supplicant.conf(5): a quoted string ends at the last quote of its line."""
    lines = words(section, "FR").splitlines()

    assert lines[0] == "country=FR"
    assert set(told) <= {line.strip() for line in lines}


@pytest.mark.parametrize(
    ("section", "why", "path"),
    [
        ({"ssid": ""}, Why.SSID, "wlan.ssid"),
        ({"ssid": "a" * 33}, Why.SSID, "wlan.ssid"),
        ({"ssid": 'a"\n}\nnetwork={'}, Why.SSID, "wlan.ssid"),
        ({"ssid_hex": "f"}, Why.SSID, "wlan.ssid_hex"),
        ({"ssid_hex": "00" * 33}, Why.SSID, "wlan.ssid_hex"),
        ({"password": "password"}, Why.SSID, "wlan.ssid"),
        ({"ssid": "a", "password": "short"}, Why.WIFI_PASSWORD, "wlan.password"),
        ({"ssid": "a", "password": "é" * 40}, Why.WIFI_PASSWORD, "wlan.password"),
        ({"ssid": "a", "password": "x", "key_mgmt": "none"}, Why.WIFI_PASSWORD, "wlan.password"),
        ({"ssid": "a", "key_mgmt": "wpa-psk"}, Why.WIFI_PASSWORD, "wlan.password"),
        ({"ssid": "a", "key_mgmt": "sae", "password": "a\n}"}, Why.WIFI_PASSWORD, "wlan.password"),
        ({"ssid": "a", "key_mgmt": "wep"}, Why.WIFI_KIND, "wlan.key_mgmt"),
        ({"ssid": "a", "key_mgmt": ["sae"]}, Why.WIFI_KIND, "wlan.key_mgmt"),
    ],
)
def test_what_no_network_can_be_is_refused_by_its_key(section, why, path):
    """The value is not repeated: it may be the password."""
    with pytest.raises(WrongWifi) as error:
        wifi(section, "")

    assert (error.value.why, error.value.path) == (why, path)
    assert "password" not in str(error.value).replace(path, "").replace(why, "")


def test_a_network_does_not_show_its_key():
    """Not even in a traceback."""
    assert KEY not in repr(wifi({"ssid": "IEEE", "password": KEY}, ""))
    assert wifi({"ssid": "IEEE", "password": KEY}, "").kind is Kind.WPA2
