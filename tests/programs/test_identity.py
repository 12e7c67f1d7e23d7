"""The page's certificate is looked after by `watch`: made once, renewed in time, its key read by nobody else."""

import logging
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel import certificate
from sentinel.config import Page
from sentinel.places import Places
from sentinel.programs.identity import keep, names
from tests.builders import moment

HTTPS = Page(https_port=8443)
DAYS = 24 * 3600


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(lasting=tmp_path / "var", passing=tmp_path / "run")
    made.make()
    return made


def test_it_is_made_once_and_renewed_before_it_ends(places):
    """With the same key; a laptop that needs none gets none."""
    keep(Page(), places, moment)
    assert not places.certificate.exists()

    keep(HTTPS, places, moment)
    first, key = places.certificate.read_bytes(), places.key.read_bytes()
    keep(HTTPS, places, lambda: moment(100 * DAYS))
    assert places.certificate.read_bytes() == first

    keep(HTTPS, places, lambda: moment(800 * DAYS))
    assert places.certificate.read_bytes() != first
    assert places.key.read_bytes() == key
    assert not certificate.is_due(places.certificate.read_bytes(), moment(800 * DAYS).wall + timedelta(days=1))


@pytest.mark.parametrize(("user", "mode"), [("", 0o600), ("nobody", 0o640)])
def test_the_key_is_for_whom_it_must(places, user, mode):
    """The sentinel's own user; its group where the page runs as somebody else."""
    keep(replace(HTTPS, user=user), places, moment)

    assert places.key.stat().st_mode & 0o777 == mode


def test_a_key_that_a_backup_brought_may_be_read_by_the_page(places):
    """It came as its owner's alone, and the page has a user of its own."""
    keep(HTTPS, places, moment)
    made = places.certificate.read_bytes()
    places.certificate.chmod(0o600)

    keep(replace(HTTPS, user="nobody"), places, moment)

    assert places.certificate.read_bytes() == made
    assert [path.stat().st_mode & 0o777 for path in (places.key, places.certificate)] == [0o640, 0o644]


@pytest.mark.parametrize("content", [None, b"", b"spoilt"])
def test_a_key_that_is_lost_or_spoilt_is_made_anew(places, content):
    """Otherwise nobody could log in any more."""
    keep(HTTPS, places, moment)
    first = certificate.fingerprint(places.certificate)
    places.certificate.unlink()
    places.key.unlink()
    if content is not None:
        places.key.write_bytes(content)

    keep(HTTPS, places, moment)

    assert certificate.fingerprint(places.certificate) not in ("", first)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(places.certificate, places.key)


def test_a_folder_that_cannot_be_written_is_a_line_of_the_log(places, caplog):
    """And never the end of `watch`."""
    places.certificate.mkdir()

    with caplog.at_level(logging.ERROR):
        keep(HTTPS, places, moment)

    assert "the page's certificate cannot be kept" in caplog.text


def test_it_is_for_every_name_of_a_lan():
    """As boxes name machines, and as ours announces itself."""
    assert {"sentinel.local", "sentinel"} <= set(names())
    assert any(name.endswith(".lan") for name in names())
