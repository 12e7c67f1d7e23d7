from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.echo import protocol
from sentinel.echo.protocol import Enrolled, Quota
from sentinel.errors import ConfigurationError
from sentinel.model.exposure import Outcome
from sentinel.reach.enrol import enrol, read_enrolled, read_invitation
from sentinel.reach.line import NoAnswer
from tests.echo.running import RunningEcho, free_port
from tests.reach.signing import ECHO_KEY, NEXT_KEY, OURS, PUBLIC
from tests.reach.stub import Stub, answer

GOOD = "sentinel-echo://echo.example.org/?k=ed25519:kzdvvj2umnduyauf&c=abcdefgh234567ab"


def test_an_invitation_is_read():
    """As pasted, with a blank at its end; the port may be left out."""
    invitation = read_invitation(f" {GOOD}\n")

    assert (invitation.host, invitation.port) == ("echo.example.org", 443)
    assert (invitation.key_id, invitation.code) == ("ed25519:kzdvvj2umnduyauf", "abcdefgh234567ab")
    assert read_invitation(GOOD.replace("/?", ":8443/?")).port == 8443
    assert read_invitation(GOOD.replace("echo.example.org", "[2001:db8::7]:8443")).host == "2001:db8::7"
    assert read_invitation(GOOD.replace(":kzdv", "%3Akzdv")).key_id == "ed25519:kzdvvj2umnduyauf"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "begins with sentinel-echo://"),
        ("hello", "begins with sentinel-echo://"),
        (GOOD.replace("sentinel-echo", "https"), "begins with sentinel-echo://"),
        (GOOD.replace("echo.example.org", ""), "names no host"),
        (GOOD.replace("/?", ":99999/?"), "port is not a number"),
        (GOOD.replace("/?", ":x/?"), "port is not a number"),
        (GOOD.replace("/?", ":0/?"), "port is not a number"),
        (GOOD.replace("kzdv", ""), "k= is not an echo's key id"),
        (GOOD.partition("&")[0], "c= is not a code"),
        (GOOD.replace("://echo", "://[echo"), "port is not a number"),
    ],
)
def test_what_is_no_invitation_is_said(text, said):
    """Every mistake at once, in plain words."""
    with pytest.raises(ConfigurationError, match=said):
        read_invitation(text)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_sentinel_becomes_known(tmp_path, address):
    """Over whichever family leads there; both keys of the echo are learnt."""
    key = Ed25519PrivateKey.generate()
    with RunningEcho(tmp_path, address) as running:
        echo = enrol(read_invitation(running.invitation()), key)
        known = running.echo.book.everybody()

    assert (echo.host, echo.port, echo.key_id) == (address, running.port, running.key_id)
    assert echo.keys == tuple(running.echo.identity.public_keys)
    assert [(each.alias, each.id) for each in known] == [
        ("practice", dsse.key_id(key.public_key().public_bytes_raw()))
    ]


def test_a_code_is_good_for_one_sentinel(running):
    """Which may come twice, if its answer was lost."""
    invitation = read_invitation(running.invitation())
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    assert enrol(invitation, first) == enrol(invitation, first)
    assert enrol(invitation, second) is Outcome.REFUSED


def test_an_expired_or_invented_code_is_refused(running):
    """The operator gives a new one."""
    expired = read_invitation(running.invitation(lasts=timedelta(seconds=-1)))

    assert enrol(expired, Ed25519PrivateKey.generate()) is Outcome.REFUSED
    assert enrol(replace(expired, code="a" * 16), Ed25519PrivateKey.generate()) is Outcome.REFUSED


def test_an_echo_that_is_not_the_one_of_the_invitation_is_not_trusted(running):
    """Whoever answers in its place has another key."""
    invitation = replace(read_invitation(running.invitation()), key_id="ed25519:aaaaaaaaaaaaaaaa")

    assert enrol(invitation, Ed25519PrivateKey.generate()) is Outcome.BAD_SIGNATURE


def test_nobody_there(running):
    """Said as it is."""
    invitation = replace(read_invitation(running.invitation()), port=free_port())

    assert enrol(invitation, Ed25519PrivateKey.generate()) is Outcome.UNREACHABLE


def test_a_portal_is_not_an_echo(tmp_path):
    """Its page is no challenge."""
    invitation = replace(read_invitation(GOOD), host="127.0.0.1")
    with Stub(tmp_path, answer(b"<html>welcome</html>")) as stub:
        found = enrol(replace(invitation, port=stub.port), Ed25519PrivateKey.generate())

    assert found is Outcome.NOT_AN_ECHO


def enrolled(key=ECHO_KEY, kind=protocol.ENROLLED, **changes):
    words = {
        "v": 1,
        "aud": OURS,
        "challenge": "c",
        "keys": list(PUBLIC),
        "quota": Quota(min_interval_s=600, per_day=60, max_extra_ports=16),
        "vantage": "par1",
    }
    return dsse.seal(kind, Enrolled(**(words | changes)), key)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"<html>", Outcome.NOT_AN_ECHO),
        (enrolled(v=2), Outcome.NOT_AN_ECHO),
        (enrolled(key=NEXT_KEY), Outcome.BAD_SIGNATURE),
        (enrolled(keys=[PUBLIC[1]]), Outcome.BAD_SIGNATURE),
        (enrolled(kind=protocol.REPORT), Outcome.BAD_SIGNATURE),
        (enrolled(aud="ed25519:aaaaaaaaaaaaaaaa"), Outcome.NOT_OUR_QUESTION),
        (enrolled(challenge="old"), Outcome.NOT_OUR_QUESTION),
    ],
)
def test_an_answer_must_be_the_echos_to_us_and_now(raw, outcome):
    """Signed by the very key the invitation names."""
    with pytest.raises(NoAnswer) as failed:
        read_enrolled(raw, dsse.key_id(PUBLIC[0]), OURS, "c")

    assert failed.value.outcome is outcome
