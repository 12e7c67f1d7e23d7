"""`rpi-preseed.toml`, as Raspberry Pi Imager 2 writes it: name, ssh keys, Wi-Fi and time zone, each for itself.

The format is that of the `rpi-preseed` package (rpi-preseed(5), config_version 1). What one key holds wrongly
takes nothing from the others. A password for an account is never used: nobody logs in to a sentinel with one.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sentinel.card.refusal import Refused, Why
from sentinel.card.wifi import Wifi, WrongWifi, wifi

FILE = "rpi-preseed.toml"
HOSTNAME = "sentinel"
SECRETS = ("user.password", "wlan.password", "connect.token")
UNUSED = ("user.password", "connect.token")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123 section 2.1
KEYS = 20
KEY_LENGTH = 8192
"""Characters; an RSA key of 16384 bits has 2800."""
KINDS = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
HARDWARE = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preseed:
    """What the flasher asked for, checked."""

    hostname: str = HOSTNAME
    keys: tuple[str, ...] = ()
    """Lines of `authorized_keys`; none: no ssh."""
    wifi: Wifi | None = None
    time_zone: str = ""
    refused: tuple[Refused, ...] = field(default=())


class _Reader:
    """Takes one key after the other, and notes what it refuses."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found
        self.refused: list[Refused] = []

    def section(self, name: str) -> Mapping[str, Any]:
        table = self._found.get(name)
        return table if isinstance(table, Mapping) else {}

    def take(self, path: str, why: Why, is_good: Callable[[str], bool]) -> str:
        """A text, or an empty one."""
        section, _, name = path.partition(".")
        value = self.section(section).get(name, "")
        if isinstance(value, str) and (not value or is_good(value)):
            return value
        self.refuse(why, path)
        return ""

    def refuse(self, why: Why, detail: str) -> None:
        self.refused.append(Refused(file=FILE, why=why, detail=detail))


def read(found: Mapping[str, Any]) -> Preseed:
    """The settings of a document, and what of it cannot be used."""
    reader = _Reader(found)
    if str(found.get("config_version", "1.0")).partition(".")[0] != "1":
        reader.refuse(Why.VERSION, "config_version")
    hostname = reader.take("system.hostname", Why.HOSTNAME, lambda name: is_hostname(name.lower()))
    return Preseed(
        hostname=hostname.lower() or HOSTNAME,
        keys=tuple(_keys(reader)),
        wifi=_wifi(reader),
        time_zone=reader.take("locale.timezone", Why.TIME_ZONE, is_time_zone),
        refused=tuple(reader.refused),
    )


def is_hostname(name: str) -> bool:
    """One label of a name, that is neither a number nor the machine's name for itself."""
    return bool(LABEL.fullmatch(name)) and not name.isdigit() and name != "localhost"


def is_time_zone(name: str) -> bool:
    """A zone of this machine's tables; the pattern leaves no way out of their folder."""
    if not re.fullmatch(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*", name) or len(name) > 60:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, as Europe
        return False
    return True


def _keys(reader: _Reader) -> Iterator[str]:
    """The keys of whoever may log in as root; none while ssh is switched off."""
    section = reader.section("ssh")
    if section.get("password_authentication") is True:
        reader.refuse(Why.SSH_PASSWORD, "ssh.password_authentication")
    given = section.get("authorized_keys", [])
    if section.get("enabled", True) is not True:
        return
    if not isinstance(given, list) or len(given) > KEYS:
        reader.refuse(Why.SSH_KEY, "ssh.authorized_keys")
        return
    for n, line in enumerate(given):
        if isinstance(line, str) and is_key(line.strip()):
            yield line.strip()
        else:
            reader.refuse(Why.SSH_KEY, f"ssh.authorized_keys[{n}]")


def is_key(line: str) -> bool:
    """A public key of OpenSSH: kind, base64, comment; without options, which could hold a command."""
    kind, _, rest = line.partition(" ")
    blob = rest.partition(" ")[0]
    if kind not in (*KINDS, *HARDWARE) or len(line) > KEY_LENGTH or not line.isprintable():
        return False
    try:
        held = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return False
    name = kind.encode()
    return held.startswith(len(name).to_bytes(4, "big") + name) and len(held) > len(name) + 32


def _wifi(reader: _Reader) -> Wifi | None:
    section = reader.section("wlan")
    if not section:
        return None
    country = reader.take("wlan.country", Why.COUNTRY, lambda code: bool(re.fullmatch("[A-Za-z]{2}", code)))
    try:
        return wifi(section, country.upper())
    except WrongWifi as error:
        reader.refuse(error.why, error.path)
        return None
