"""Asked of a real echo, over a real connection: each rule has its word, and nothing is dialled."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import dsse
from sentinel.echo import protocol
from sentinel.echo.protocol import Enrol, Target
from tests.echo.running import Caller, RunningEcho, listener, word


@pytest.fixture
def caller(running, key):
    with Caller(running, key) as made:
        yield made


def test_a_good_question_gets_its_plan(caller):
    """The target is the address that asks."""
    assert caller.plan().target.addr == "127.0.0.1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"v": 2}, "bad_version"),
        ({"aud": "other.example.org"}, "bad_request"),
        ({"challenge": "invented"}, "challenge_invalid"),
        ({"tls_cert": "0" * 64}, "tls_intercepted"),
        ({"family": 6}, "target_refused"),
        ({"targets": [Target(addr="192.0.2.7")]}, "target_refused"),
        ({"targets": [Target(addr="127.0.0.1")]}, "target_refused"),
        ({"targets": [Target(addr="self"), Target(addr="192.0.2.7")]}, "target_refused"),
        ({"targets": []}, "target_refused"),
        ({"port_share": (0, 1023)}, "target_refused"),
        ({"ports": "everything"}, "bad_request"),
        ({"ports": "retest-v1"}, "bad_request"),
        ({"ledger_head": "0" * 63}, "bad_request"),
        ({"ledger_head": "0" * 65}, "bad_request"),
        ({"ledger_head": "A" * 64}, "bad_request"),
        ({"ledger_head": "0" * 63 + "\n"}, "bad_request"),
        ({"extra_ports": [0]}, "bad_request"),
        ({"extra_ports": [65536]}, "bad_request"),
        ({"extra_ports": list(range(9000, 9017))}, "bad_request"),
        ({"extra_ports": list(range(9000, 9010)), "expect_open": list(range(9010, 9017))}, "bad_request"),
    ],
    ids=str,
)
def test_every_broken_rule_has_its_word(caller, changes, said):
    """And the connection is over."""
    assert caller.word(**changes) == said


def test_a_foreign_target_receives_nothing(running, key):
    """Whoever is named, only the caller is ever dialled: here nobody."""
    with listener("127.0.0.2") as victim, Caller(running, key) as caller:
        port = victim.getsockname()[1]
        assert caller.word(targets=[Target(addr="127.0.0.2")], extra_ports=[port]) == "target_refused"
        victim.settimeout(0.3)
        with pytest.raises(TimeoutError):
            victim.accept()


def test_a_key_nobody_enrolled_is_unknown(running):
    """The echo is not for everybody."""
    with Caller(running) as caller:
        assert caller.word() == "key_unknown"


def test_a_revoked_key_is_unknown_at_the_next_question(running, key):
    """No restart, no minute to wait."""
    running.echo.book.revoke("practice", running.echo.wall())

    with Caller(running, key) as caller:
        assert caller.word() == "key_unknown"


def test_a_signature_by_another_key_is_bad(running, key, caller):
    """The name of a known key is not enough."""
    request = caller.request()
    sealed = dsse.decode(dsse.seal(protocol.REQUEST, request, Ed25519PrivateKey.generate()), dsse.Envelope)
    name = dsse.key_id(key.public_key().public_bytes_raw())
    forged = dsse.Envelope(
        payload_type=protocol.REQUEST,
        payload=sealed.payload,
        signatures=[dsse.Signature(keyid=name, sig=sealed.signatures[0].sig)],
    )

    assert word(*caller.ask("POST", "/v1/check", dsse.encode(forged))) == "bad_signature"


def test_a_report_signed_as_something_else_is_no_question(caller):
    """The type is part of what is signed."""
    assert word(*caller.check(kind=protocol.REPORT)) == "bad_signature"


@pytest.mark.parametrize("body", [b"", b"{}", b"<html></html>", b"\xff\xfe"])
def test_what_is_no_envelope_is_a_bad_request(caller, body):
    """Nothing of it is believed."""
    assert word(*caller.ask("POST", "/v1/check", body)) == "bad_request"


def test_a_challenge_is_used_once(running, key):
    """The same envelope again is a replay; from another connection it is nothing."""
    with Caller(running, key) as caller:
        request = caller.request()
        assert caller.word(request) == "ok"
        assert caller.word(request) == "target_busy"  # one at a time comes first
    with Caller(running, key) as caller:
        assert caller.word(request) in ("challenge_invalid", "replay")


def test_a_challenge_taken_to_another_address_says_so(running, key):
    """The line has a new address: start over."""
    with Caller(running, key) as here, Caller(running, key, source="127.0.0.2") as there:
        challenge = here.challenge()["challenge"]
        assert there.word(challenge=challenge) == "address_changed"


def test_an_address_that_may_not_be_dialled_is_told_before_anything_is_read(tmp_path):
    """Outside the lab, the loopback is nobody's practice."""
    with RunningEcho(tmp_path, lab=False) as running, Caller(running) as caller:
        assert word(*caller.ask("POST", "/v1/check", b"no envelope at all")) == "target_refused"


def introduce(caller, running, **changes):
    words = {
        "v": 1,
        "aud": running.settings.name,
        "challenge": changes.pop("challenge", None) or caller.challenge()["challenge"],
        "code": "code",
        "public_key": caller.key.public_key().public_bytes_raw(),
    }
    sealed = dsse.seal(protocol.ENROL, Enrol(**(words | changes)), caller.key)
    return word(*caller.ask("POST", "/v1/enrol", sealed))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "ok"),
        ({"v": 2}, "bad_version"),
        ({"aud": "other"}, "bad_request"),
        ({"challenge": "invented"}, "challenge_invalid"),
        ({"code": "wrong"}, "key_unknown"),
        ({"public_key": Ed25519PrivateKey.generate().public_key().public_bytes_raw()}, "bad_signature"),
        ({"public_key": b"short"}, "bad_signature"),
    ],
    ids=str,
)
def test_an_introduction_is_signed_with_the_key_it_brings(running, changes, said):
    """Made for this connection, with a code that is good."""
    running.echo.book.invite("code", "Dr. A", running.echo.wall() + 60)

    with Caller(running) as caller:
        assert introduce(caller, running, **changes) == said
