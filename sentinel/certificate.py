"""The page's own certificate: made on the device, for names and addresses that no authority would sign.

ECDSA on P-256, which every browser takes; Ed25519 is refused by most. It lives 820 days: Apple's systems refuse
more than 825 even for a certificate that somebody chose to trust, and then show no way past the warning. It is
made anew a month before its end, with the same key. No HSTS is ever sent: for a certificate nobody signed it would
take away the reader's way past the warning (RFC 6797 section 12.1), and port 80 must keep telling the sentence.
"""

import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sentinel.model.moment import Address

LASTS = timedelta(days=820)
RENEWED = timedelta(days=30)
"""Before its end."""
COMMON_NAME = "Cabinet Sentinel"


def make(
    names: Iterable[str], addresses: Iterable[Address], now: datetime, key: bytes = b""
) -> tuple[bytes, bytes]:
    """A certificate and its private key, both PEM; with `key` for the key it already had.

    Raises:
        ValueError: `key` is no P-256 key.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    private = serialization.load_pem_private_key(key, None) if key else ec.generate_private_key(ec.SECP256R1())
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError("the page's key is no P-256 key")
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, COMMON_NAME)])
    subjects: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(names)]
    subjects += [x509.IPAddress(address) for address in dict.fromkeys(addresses)]
    made = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for clocks that are a little slow
        .not_valid_after(now - timedelta(days=1) + LASTS)
        .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return made.public_bytes(pem), private.private_bytes(pem, kind, plain)


def is_due(certificate: bytes, now: datetime) -> bool:
    """Whether another one is needed: it cannot be read, ends within a month, or begins in the future."""
    from cryptography import x509

    try:
        known = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        return True
    return not known.not_valid_before_utc <= now < known.not_valid_after_utc - RENEWED


def fingerprint(path: Path) -> str:
    """Its SHA-256 as browsers show it, `AB:CD:…`; empty where there is none."""
    try:
        whole = ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ""
    return sha256(whole).digest().hex(":").upper()


def ends(path: Path) -> datetime | None:
    """When it ends; nothing where there is none."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.astimezone(UTC)
    except (OSError, ValueError):
        return None
