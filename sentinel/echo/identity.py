"""Who an echo is: its signing keys and its certificate, made once and never leaving its folder.

Sentinels trust the signing key named in their invitation, not the certificate: the certificate only has to be
the one the sentinel saw, or somebody stands in between.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from sentinel.dsse import key_id
from sentinel.errors import NotReadable
from sentinel.secret import write_secret

CURRENT, NEXT = "echo.key", "echo-next.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The keys of one echo."""

    current: Ed25519PrivateKey
    next: Ed25519PrivateKey
    """Already known to every sentinel, so that one day it can replace the current one."""
    certificate: Path
    certificate_key: Path
    secret: bytes
    """Blinds addresses in the book; whoever reads the book alone cannot name a practice. Outlasts the keys."""

    @property
    def key_id(self) -> str:
        """The name in invitations."""
        return key_id(self.public_keys[0])

    @property
    def public_keys(self) -> list[bytes]:
        """Raw public keys: current, next."""
        return [key.public_key().public_bytes_raw() for key in (self.current, self.next)]

    @property
    def certificate_hash(self) -> str:
        """SHA-256 of the certificate, hex."""
        pem = self.certificate.read_text(encoding="ascii")
        return sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def tls(self) -> ssl.SSLContext:
        """TLS 1.3 with our certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.certificate, self.certificate_key)
        return context


def identity(folder: Path, name: str) -> Identity:
    """The identity kept in `folder`; what is missing is made.

    Raises:
        NotReadable: a key file is not a key.
    """
    certificate, certificate_key = folder / "tls.crt", folder / "tls.key"
    if not (certificate.exists() and certificate_key.exists()):
        _make_certificate(certificate, certificate_key, name)
    current = _signing_key(folder / CURRENT)
    return Identity(
        current=current,
        next=_signing_key(folder / NEXT),
        certificate=certificate,
        certificate_key=certificate_key,
        secret=_secret(folder / "book.key", current),
    )


def rotate(folder: Path) -> None:
    """Let the next key take the current one's place; a new next one is made when the identity is read again.

    Whoever knows the former next key keeps trusting, and learns the new one from the next plan. Interrupted in the
    middle it has either happened or not.

    Raises:
        OSError: there is no next key, or the folder cannot be written.
    """
    (folder / NEXT).replace(folder / CURRENT)


def _secret(path: Path, current: Ed25519PrivateKey) -> bytes:
    """The same for ever: were it to follow the key, a rotation would forget every quota and every opt-out."""
    if not path.exists():  # an echo of before: as it was derived then
        made = blake2b(current.private_bytes_raw(), person=b"echo book").digest()
        write_secret(path, made.hex().encode() + b"\n")
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        raise NotReadable(f"{path} is not what an echo wrote") from None


def _signing_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        write_secret(path, _pem(Ed25519PrivateKey.generate()))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise NotReadable(f"{path} is not a private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NotReadable(f"{path} is not an Ed25519 key")
    return key


def _make_certificate(certificate: Path, certificate_key: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    made = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=7300))
        .sign(key, hashes.SHA256())
    )
    write_secret(certificate_key, _pem(key))
    write_secret(certificate, built.public_bytes(serialization.Encoding.PEM))


def _pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
