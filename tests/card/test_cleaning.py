"""Secrets leave a file of the FAT partition in place, and every other line stays byte for byte."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sentinel.card.cleaning import clean, without_secrets
from sentinel.card.handed import COVER, looked_up
from sentinel.card.partitions import SECRETS
from sentinel.card.preseed import SECRETS as OF_PRESEED
from sentinel.card.reading import text
from tests.card.cards import INVITATION, PRESEED, SETTINGS, card

WORDS = ("3141-5926", "AAAA", "ntfy", "secret-word")


def cleaned(words: str, codec: str = "utf-8") -> str:
    return text(without_secrets(words.encode(codec), SECRETS, "sentinel.toml"), "")[0]


def test_the_secrets_go_and_the_rest_stays():
    """Line by line: what differs is a comment."""
    after = cleaned(SETTINGS)

    assert tomllib.loads(after) == {
        "practice": tomllib.loads(SETTINGS)["practice"],
        "echo": {},
        "page": {},
        "notices": {},
    }
    assert not any(word in after for word in WORDS)
    pairs = list(zip(SETTINGS.splitlines(), after.splitlines(), strict=True))
    assert all(now == before or now.startswith("#") for before, now in pairs)
    assert [before for before, now in pairs if now == before] == SETTINGS.splitlines()[:6] + [
        line for line in SETTINGS.splitlines()[6:] if line in ("", "[echo]", "[page]", "[notices]")
    ]


def test_imagers_file_loses_its_passwords():
    """The account's, which nothing uses, and the Wi-Fi's, of which there is a copy."""
    after = without_secrets(PRESEED.encode(), OF_PRESEED, "rpi-preseed.toml").decode()

    found = tomllib.loads(after)
    assert "$y$" not in after
    assert "horse" not in after
    assert found["wlan"]["ssid"] == "Cabinet d’été"
    assert found["ssh"] == tomllib.loads(PRESEED)["ssh"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_nothing_moves_whatever_the_editor(codec, end):
    """The same length, the same mark in front, the same line ends: the very clusters are written over."""
    raw = SETTINGS.replace("\n", end).encode(codec)

    after = without_secrets(raw, SECRETS, "sentinel.toml")

    assert len(after) == len(raw)
    assert after[:4] == raw[:4]
    assert after.count(end.encode(codec)[-len(end) :]) == raw.count(end.encode(codec)[-len(end) :])
    assert not any(word in text(after, "")[0] for word in WORDS)


@pytest.mark.parametrize(
    "words",
    [
        f'echo = {{ identify = "never", invitation = "{INVITATION}" }}\n',
        f'echo.invitation = "{INVITATION}"\n',
        f'"echo"."invitation" = "{INVITATION}"\n',
        f"[ echo ]\n  'invitation' = '{INVITATION}'\n",
        f'[echo]\ninvitation = """\\\n   {INVITATION}"""\n',
        f'[echo]\ninvitations = [\n "{INVITATION}", # [\n]\n',
        f'[echo]\n"\\u0069nvitation" = "{INVITATION}"\n',
        f'[echo]\n#invitation = "{INVITATION}"\n',
        f'[echo]\ninvitation = "{INVITATION}"',
        f'[echo] # {INVITATION}\ninvitation = "{INVITATION}"\n',
        f'# {INVITATION}\n[echo]\ninvitation = "{INVITATION}"\n',
        f'[practice]\nname = "{INVITATION}"\n[echo]\ninvitation = "{INVITATION}"\n',
    ],
)
def test_a_secret_goes_however_it_is_written(words):
    """Also as a remark; and where it cannot be told apart, everything is covered."""
    after = cleaned(words)

    assert "AAAA" not in after
    assert "echo.example.org" not in after
    assert len(after.encode()) == len(words.encode())
    tomllib.loads(after)


def test_a_value_in_escapes_is_covered_too():
    """The letters differ from the value: the key decides."""
    after = cleaned('[page]\ncode = "31\\u0034\\u0031"\n[practice]\nname = "x"\n')

    assert tomllib.loads(after) == {"page": {}, "practice": {"name": "x"}}


def test_a_second_cleaning_changes_nothing():
    """It finds no secret."""
    once = without_secrets(SETTINGS.encode(), SECRETS, "")

    assert without_secrets(once, SECRETS, "") == once


NAMES = some.sampled_from(["invitation", "invitations", "identify", '"invitation"', "extra"])
VALUES = some.sampled_from(
    [f'"{INVITATION}"', f"'{INVITATION}'", f'["{INVITATION}"]', f'[\n  "{INVITATION}",\n]', '"never"', "[]"]
)
LINES = some.lists(
    some.one_of(
        some.builds("{} = {}".format, NAMES, VALUES),
        some.sampled_from(
            ["[echo]", "[page]", "[practice]", "# a remark", "", 'name = "Cabinet"', 'code = "9999-X"']
        ),
    ),
    max_size=8,
)


@settings(max_examples=300)
@given(LINES)
def test_no_secret_survives_in_any_document_that_reads(lines):
    """Whatever the order of its lines; and what comes out reads again."""
    words = "\n".join(lines) + "\n"
    try:
        tomllib.loads(words)
    except tomllib.TOMLDecodeError:
        return

    after = cleaned(words)

    found = tomllib.loads(after)
    assert len(after) == len(words)
    assert [path for path in SECRETS if looked_up(found, path) not in (None, [])] == []


def prepared(folder):
    one = card(folder).settings
    one.file.write_text(SETTINGS)
    one.keep(tomllib.loads(SETTINGS))
    return one


def test_the_file_is_written_over_where_it_lies(tmp_path):
    """No other file is made on the FAT: an abandoned cluster would still hold the secrets."""
    one = prepared(tmp_path)
    before = one.file.stat().st_ino

    clean(one)

    assert one.file.stat().st_ino == before
    assert [each.name for each in one.file.parent.iterdir()] == ["sentinel.toml"]
    assert one.file.read_text().count(COVER) == 4
    assert one.given() is None


@pytest.mark.parametrize("sector", [64, 512])
def test_a_power_cut_in_the_middle_is_finished_later(tmp_path, sector):
    """Sectors are written in any order: each half of them, then the next start."""
    one = prepared(tmp_path)
    before = one.file.read_bytes()
    clean(one)
    after = one.file.read_bytes()
    sectors = range(0, len(before), sector)
    for mask in range(2 ** len(sectors)):
        half = b"".join((after if mask >> n & 1 else before)[at : at + sector] for n, at in enumerate(sectors))
        one.file.write_bytes(half)

        given = one.given()
        assert given in (None, tomllib.loads(SETTINGS))  # never a document without its secrets
        clean(one)
        assert one.file.read_bytes() == after


def test_the_seal_is_there_before_the_file_is_changed(tmp_path):
    """A cut right after it leaves the old file, which is still the flasher's word and loses nothing."""
    one = prepared(tmp_path)
    one.put_seal(without_secrets(one.file.read_bytes(), SECRETS, ""))

    assert one.given() == tomllib.loads(SETTINGS)
