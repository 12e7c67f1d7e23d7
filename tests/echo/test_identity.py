import stat

import pytest

from sentinel.echo.identity import identity, rotate
from sentinel.errors import NotReadable


def test_an_identity_is_made_once(tmp_path):
    """The next start finds it again."""
    first, second = identity(tmp_path, "echo.example.org"), identity(tmp_path, "echo.example.org")

    assert first.key_id == second.key_id
    assert first.public_keys == second.public_keys
    assert first.certificate_hash == second.certificate_hash
    assert len(set(first.public_keys)) == 2


def test_every_file_is_closed_to_others(tmp_path):
    """Whoever has the key can lie in our name."""
    identity(tmp_path, "echo.example.org")

    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "echo.key": 0o600,
        "echo-next.key": 0o600,
        "tls.key": 0o600,
        "tls.crt": 0o600,
        "book.key": 0o600,
    }


def test_only_tls_1_3_is_spoken(tmp_path):
    """Nothing older."""
    assert identity(tmp_path, "e").tls().minimum_version.name == "TLSv1_3"


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_broken_key_is_not_replaced_in_silence(tmp_path, content):
    """Every sentinel trusts the old one; a person must decide."""
    (tmp_path / "echo.key").write_bytes(content)

    with pytest.raises(NotReadable, match=r"echo\.key"):
        identity(tmp_path, "e")


def test_a_key_of_another_kind_is_named(tmp_path):
    """The certificate's key is not a signing key."""
    identity(tmp_path, "e")
    (tmp_path / "echo.key").write_bytes((tmp_path / "tls.key").read_bytes())

    with pytest.raises(NotReadable, match="Ed25519"):
        identity(tmp_path, "e")


def test_a_rotation_moves_the_next_key_up_and_makes_another(tmp_path):
    """Who knew the next one trusts the echo as before; addresses in the book stay blinded as they were."""
    before = identity(tmp_path, "e")
    rotate(tmp_path)
    after = identity(tmp_path, "e")

    assert after.public_keys[0] == before.public_keys[1]
    assert after.public_keys[1] not in before.public_keys
    assert (after.secret, after.certificate_hash) == (before.secret, before.certificate_hash)
    assert stat.S_IMODE((tmp_path / "echo-next.key").stat().st_mode) == 0o600


def test_a_rotation_without_a_next_key_changes_nothing(tmp_path):
    """Interrupted twice, it never leaves the echo without the key everybody trusts."""
    before = identity(tmp_path, "e")
    (tmp_path / "echo-next.key").unlink()

    with pytest.raises(FileNotFoundError):
        rotate(tmp_path)
    assert identity(tmp_path, "e").key_id == before.key_id


def test_a_broken_secret_is_not_replaced_in_silence(tmp_path):
    """With another one every quota and opt-out would be forgotten."""
    identity(tmp_path, "e")
    (tmp_path / "book.key").write_text("nonsense")

    with pytest.raises(NotReadable, match=r"book\.key"):
        identity(tmp_path, "e")
