"""One Wi-Fi network, from `[wlan]` to the words of wpa_supplicant.conf(5).

The name goes out as hexadecimal and the passphrase as the key made of it, so that no character of either can be
taken for a word of that file. WPA3 alone needs the passphrase itself: it may hold no control character.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sentinel.card.refusal import Why

NETWORK = "[Match]\nName={name}\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nRouteMetric=600\n"
"""systemd.network(5): the cable goes first."""


class Kind(StrEnum):
    """How the network is protected; the words are the file's."""

    OPEN = "none"
    ENHANCED_OPEN = "owe"
    WPA2 = "wpa-psk"
    WPA3 = "sae"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wifi:
    """A network to join."""

    ssid: bytes
    kind: Kind
    secret: str = ""
    """Of WPA2 the key as 64 hexadecimal digits, of WPA3 the passphrase."""
    country: str = ""
    """ISO 3166-1; it decides channels and power. Empty: what is allowed everywhere."""
    hidden: bool = False

    def __repr__(self) -> str:
        return f"Wifi({self.kind})"  # a traceback must not tell the key


class WrongWifi(ValueError):
    """The section cannot be used; `path` says which key."""

    def __init__(self, why: Why, path: str) -> None:
        super().__init__(f"{path}: {why}")
        self.why = why
        self.path = path


def wifi(section: Mapping[str, Any], country: str) -> Wifi:
    """The network of a section.

    Raises:
        WrongWifi: its name, its password or its kind is not one.
    """
    ssid, kind = _ssid(section), _kind(section)
    return Wifi(
        ssid=ssid,
        kind=kind,
        secret=_secret(section, kind, ssid),
        country=country,
        hidden=section.get("hidden") is True,
    )


def _ssid(section: Mapping[str, Any]) -> bytes:
    """1 to 32 octets, IEEE 802.11 section 9.4.2.2; `ssid_hex` holds one that is no text."""
    path = "ssid_hex" if "ssid_hex" in section else "ssid"
    value = section.get(path)
    if path == "ssid_hex" and isinstance(value, str) and re.fullmatch(r"([0-9a-fA-F]{2}){1,32}", value):
        return bytes.fromhex(value)
    if path == "ssid" and isinstance(value, str) and 1 <= len(value.encode()) <= 32 and value.isprintable():
        return value.encode()
    raise WrongWifi(Why.SSID, f"wlan.{path}")


def _kind(section: Mapping[str, Any]) -> Kind:
    """As it says, else by whether there is a password."""
    said = section.get("key_mgmt")
    if said is None:
        return Kind.WPA2 if section.get("password") else Kind.OPEN
    if isinstance(said, str) and said in set(Kind):
        return Kind(said)
    raise WrongWifi(Why.WIFI_KIND, "wlan.key_mgmt")


def _secret(section: Mapping[str, Any], kind: Kind, ssid: bytes) -> str:
    value = section.get("password", "")
    has_one = kind in (Kind.WPA2, Kind.WPA3)
    if not isinstance(value, str) or bool(value) != has_one:
        raise WrongWifi(Why.WIFI_PASSWORD, "wlan.password")
    if kind is Kind.WPA2:
        return _key(value, ssid)
    if not value.isprintable() or len(value.encode()) > 63:
        raise WrongWifi(Why.WIFI_PASSWORD, "wlan.password")
    return value


def _key(value: str, ssid: bytes) -> str:
    """The key as it is, or made of a passphrase: IEEE 802.11 annex J.4."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", value):
        return value.lower()
    if not 8 <= len(value.encode()) <= 63:
        raise WrongWifi(Why.WIFI_PASSWORD, "wlan.password")
    return hashlib.pbkdf2_hmac("sha1", value.encode(), ssid, 4096, 32).hex()


def supplicant(network: Wifi) -> str:
    """wpa_supplicant.conf(5) for this network alone."""
    lines = [f"country={network.country}"] if network.country else []
    lines += ["network={", *(f"\t{line}" for line in _lines(network)), "}"]
    return "\n".join(lines) + "\n"


def _lines(network: Wifi) -> Iterator[str]:
    yield f"ssid={network.ssid.hex()}"
    if network.hidden:
        yield "scan_ssid=1"
    match network.kind:
        case Kind.OPEN:
            yield "key_mgmt=NONE"
        case Kind.ENHANCED_OPEN:
            yield from ("key_mgmt=OWE", "ieee80211w=2")
        case Kind.WPA2:
            yield from ("key_mgmt=WPA-PSK WPA-PSK-SHA256", f"psk={network.secret}", "ieee80211w=1")
        case Kind.WPA3:
            yield from ("key_mgmt=SAE", f'sae_password="{network.secret}"', "ieee80211w=2")
