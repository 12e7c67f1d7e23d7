"""Keeps the page's certificate: made at the first start, and anew before it ends."""

import logging
from datetime import datetime, timedelta

from sentinel import certificate, lan
from sentinel.clock import Clock
from sentinel.config import Page
from sentinel.places import Places
from sentinel.secret import write_secret
from sentinel.timetable import Job

log = logging.getLogger(__name__)
EVERY = timedelta(hours=6)
NAMES = ("sentinel.local", "sentinel")
ENDINGS = ("", ".local", ".home", ".lan")


def jobs(page: Page, places: Places, clock: Clock) -> list[Job]:
    """Looking after it, for the timetable; none where the page has no port for it."""

    def work() -> tuple[()]:
        keep(page, places, clock)
        return ()

    return [Job(name="certificate", every=EVERY, work=work)] if page.https_port else []


def keep(page: Page, places: Places, clock: Clock) -> None:
    """Look after it once; nothing is made where the page has no port for it.

    The key stays: whoever trusts it goes on trusting. It may be read by our group, which the page's user is in,
    where the page has a user of its own.
    """
    try:
        if page.https_port:
            mode = 0o640 if page.user else 0o600
            _renew(places, clock().wall, mode)
            places.key.chmod(mode)  # also of one that a backup brought
            places.certificate.chmod(0o644)
    except OSError as error:
        log.error("the page's certificate cannot be kept: %s", error)


def _renew(places: Places, now: datetime, mode: int) -> None:
    if places.key.exists() and not certificate.is_due(_read(places), now):
        return
    made, key = _made(places, now)
    write_secret(places.key, key)
    places.key.chmod(mode)  # before the certificate is there, which is what the page waits for
    write_secret(places.certificate, made)
    log.info("the page's certificate was made: SHA-256 %s", certificate.fingerprint(places.certificate))


def _made(places: Places, now: datetime) -> tuple[bytes, bytes]:
    """With the key there is, or another where it is lost or spoilt: without a certificate nobody can log in."""
    subjects = names(), lan.look().addresses
    try:
        return certificate.make(*subjects, now, places.key.read_bytes())
    except (FileNotFoundError, ValueError):
        return certificate.make(*subjects, now)


def names() -> list[str]:
    """Every name this machine answers to on a LAN."""
    host = lan.host()
    return list(dict.fromkeys([*NAMES, *(f"{host}{ending}" for ending in ENDINGS if host)]))


def _read(places: Places) -> bytes:
    return places.certificate.read_bytes() if places.certificate.exists() else b""
