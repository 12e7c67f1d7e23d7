"""Becoming known to an echo: the operator's invitation names its key, so nothing is trusted on first sight."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.dsse import Forged, Garbled
from sentinel.echo import protocol
from sentinel.echo.protocol import Challenge, Enrol, Enrolled
from sentinel.errors import ConfigurationError
from sentinel.model.exposure import Outcome
from sentinel.reach.keys import Echo, own_key_id
from sentinel.reach.line import Line, NoAnswer

SCHEME = "sentinel-echo"
KEY_ID = re.compile(r"ed25519:[a-z2-7]{16}")
CODE = re.compile(r"[a-z2-7]{16}")
FAMILIES = (4, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What an operator gave us: where the echo is, its key's name, and a code for one use."""

    host: str
    port: int
    key_id: str
    code: str


def read_invitation(text: str) -> Invitation:
    """`sentinel-echo://HOST[:PORT]/?k=<echo key id>&c=<code>`, as it was pasted.

    Raises:
        ConfigurationError: it is not; every mistake is named.
    """
    parts, port = _split(text.strip())
    asked = parse_qs(parts.query)
    key, code = asked.get("k", [""])[0], asked.get("c", [""])[0].lower()
    mistakes = [
        sentence
        for wrong, sentence in (
            (parts.scheme != SCHEME, f"an invitation begins with {SCHEME}://"),
            (not parts.hostname, "the invitation names no host"),
            (port is None, "the invitation's port is not a number from 1 to 65535"),
            (not KEY_ID.fullmatch(key), "k= is not an echo's key id: ed25519: and 16 letters or digits"),
            (not CODE.fullmatch(code), "c= is not a code of 16 letters or digits"),
        )
        if wrong
    ]
    if mistakes or not parts.hostname or port is None:
        raise ConfigurationError(mistakes)
    return Invitation(host=parts.hostname, port=port, key_id=key, code=code)


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        port = protocol.PORT if parts.port is None else parts.port
    except ValueError:
        return SplitResult(SCHEME, text[:0], "", "", ""), None
    return parts, port or None


def enrol(invitation: Invitation, key: Ed25519PrivateKey) -> Echo | Outcome:
    """Bring our key to the echo, over whichever family works; the outcome says why it did not.

    REFUSED: the code is unknown, used up or expired. BAD_SIGNATURE: not the echo of the invitation.
    """
    outcome = Outcome.UNREACHABLE
    for family in FAMILIES:
        try:
            return _enrol(invitation, key, family)
        except NoAnswer as failed:
            outcome = failed.outcome
        if outcome not in (Outcome.NO_ROUTE, Outcome.UNREACHABLE):
            break
    return outcome


def _enrol(invitation: Invitation, key: Ed25519PrivateKey, family: int) -> Echo:
    with Line(invitation.host, invitation.port, family) as line:
        challenge = read_challenge(line.get("/v1/challenge"))
        words = Enrol(
            v=protocol.VERSION,
            aud=invitation.host,
            challenge=challenge.challenge,
            code=invitation.code,
            public_key=key.public_key().public_bytes_raw(),
        )
        answer = line.post("/v1/enrol", dsse.seal(protocol.ENROL, words, key))
    enrolled = read_enrolled(answer, invitation.key_id, own_key_id(key), challenge.challenge)
    return Echo(
        host=invitation.host,
        port=invitation.port,
        key_id=invitation.key_id,
        keys=tuple(enrolled.keys[:2]),
        vantage=enrolled.vantage[:64],
    )


def read_challenge(raw: bytes) -> Challenge:
    """The echo's first words.

    Raises:
        NoAnswer: they are not an echo's.
    """
    try:
        return protocol.read(raw, Challenge)
    except Garbled:
        raise NoAnswer(Outcome.NOT_AN_ECHO) from None


def read_enrolled(raw: bytes, echo_key_id: str, our_key_id: str, challenge: str) -> Enrolled:
    """The echo's answer, signed by the key the invitation names and made for us, now.

    Raises:
        NoAnswer: NOT_AN_ECHO, BAD_SIGNATURE or NOT_OUR_QUESTION.
    """
    try:
        sealed = dsse.envelope(raw, protocol.ENROLLED, protocol.REPORT_BYTES)
        # The keys come inside what they signed; the one the invitation names must be among them.
        enrolled = protocol.read(sealed.payload, Enrolled)
        named = [key for key in enrolled.keys if dsse.key_id(key) == echo_key_id]
        dsse.verified(sealed, named)
    except Garbled:
        raise NoAnswer(Outcome.NOT_AN_ECHO) from None
    except Forged:
        raise NoAnswer(Outcome.BAD_SIGNATURE) from None
    if enrolled.aud != our_key_id or enrolled.challenge != challenge:
        raise NoAnswer(Outcome.NOT_OUR_QUESTION)
    return enrolled
