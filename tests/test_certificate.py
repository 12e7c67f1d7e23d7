"""The page's own certificate: who takes it, how long it lives, how it is known."""

import ssl
import subprocess
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sentinel import certificate
from tests.builders import START

NAMES, ADDRESSES = ["sentinel.local", "sentinel"], [ip_address("192.168.77.5"), ip_address("fd77::5")]


def test_it_is_what_browsers_take():
    """P-256, names and addresses as subjectAltName, for servers only, no authority, 825 days at most."""
    made, _ = certificate.make(NAMES, ADDRESSES, START)

    known = x509.load_pem_x509_certificate(made)
    names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert isinstance(known.public_key(), ec.EllipticCurvePublicKey)
    assert names.get_values_for_type(x509.DNSName) == NAMES
    assert names.get_values_for_type(x509.IPAddress) == ADDRESSES
    assert not known.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert list(known.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert known.not_valid_after_utc - known.not_valid_before_utc <= timedelta(days=825)
    assert known.not_valid_before_utc < START


def test_it_is_made_anew_with_the_key_it_had():
    """Whoever trusts the key goes on trusting it."""
    first, key = certificate.make(NAMES, ADDRESSES, START)
    second, same = certificate.make(NAMES, ADDRESSES, START, key)

    assert same == key
    assert first != second
    keys = [x509.load_pem_x509_certificate(each).public_key() for each in (first, second)]
    assert keys[0] == keys[1]
    with pytest.raises(ValueError, match="PEM"):
        certificate.make(NAMES, ADDRESSES, START, b"no key")


@pytest.mark.parametrize(
    ("days", "due"), [(-400, True), (-2, True), (0, False), (788, False), (790, True), (900, True)]
)
def test_another_is_due_a_month_before_its_end_or_where_the_clock_was_wrong(days, due):
    """A certificate of the future was made by a clock that was put back since."""
    made, _ = certificate.make(NAMES, ADDRESSES, START)

    assert certificate.is_due(made, START + timedelta(days=days)) is due


def test_what_is_none_is_due_and_has_no_fingerprint(tmp_path: Path):
    """An empty file after a power cut, or none at all."""
    (tmp_path / "empty").write_bytes(b"")

    assert certificate.is_due(b"", START)
    for name in ("none", "empty"):
        assert certificate.fingerprint(tmp_path / name) == ""
        assert certificate.ends(tmp_path / name) is None


def test_the_fingerprint_is_the_one_others_see(tmp_path: Path):
    """As openssl prints it, and so browsers."""
    file = tmp_path / "page.crt"
    made, _ = certificate.make(NAMES, ADDRESSES, START)
    file.write_bytes(made)

    told = subprocess.run(
        ["openssl", "x509", "-in", str(file), "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert told.strip().partition("=")[2] == certificate.fingerprint(file)
    assert ssl.PEM_cert_to_DER_cert(made.decode())
    assert certificate.ends(file) == START + certificate.LASTS - timedelta(days=1)
