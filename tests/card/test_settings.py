"""The configuration in force: the best to be had, and what of the flasher's was left out."""

import pytest

from sentinel import toml, written
from sentinel.card.settings import in_force
from tests.card.cards import SETTINGS, card


def given(folder, words):
    one = card(folder).settings
    one.file.write_text(words, encoding="utf-8")
    return one


@pytest.mark.parametrize("words", ["page = 3", "capture = []", "practice = 'x'", "expected = 3", "a.b.c = 1"])
def test_what_is_no_section_is_a_mistake_and_not_the_end(tmp_path, words):
    """The card's own settings hold."""
    chosen = in_force(given(tmp_path, words))

    assert chosen.given is None
    assert len(chosen.refused) == 1
    assert toml.parse(written.document(chosen.tables)).page.port == 80


def test_the_last_good_one_is_taken_and_an_older_program_may_have_kept_a_worse(tmp_path):
    """A copy that this version does not read any more is told too, and the defaults hold."""
    one = given(tmp_path, "[page]\nno = 1\n")
    one.keep({"practice": {"contact": "Sophie"}})

    assert in_force(one).tables["practice"] == {"contact": "Sophie"}

    one.keep({"practice": {"fax": "1"}})
    chosen = in_force(one)
    assert "practice" not in chosen.tables
    assert len(chosen.refused) == 2


def test_the_code_dies_with_the_claim(tmp_path):
    """The flasher knows it, and his notes do."""
    one = given(tmp_path, SETTINGS)

    assert in_force(one).tables["page"]["code"] == "3141-5926"
    assert "code" not in in_force(one, claimed=True).tables["page"]


def test_no_secret_is_in_what_is_told(tmp_path):
    """It goes to the card, to the page and to the journal."""
    words = (
        SETTINGS.replace("ntfys:", "ntfys")
        .replace('code = "3141-5926"', 'code = "31"')
        .replace("[echo]", "[ecoh]")
    )

    told = " ".join(
        each.told(language) for each in in_force(given(tmp_path, words)).refused for language in ("fr", "en")
    )

    assert "notices.practice[0]" in told
    assert "ecoh: no such key; did you mean echo?" in told
    for secret in ("ntfy.example", "AAAA", "secret-word", '"31"'):
        assert secret not in told


def test_the_practices_zone_goes_before_imagers(tmp_path):
    """Imager proposes the zone of the bench."""
    words = '[practice]\ntime_zone = "Indian/Reunion"\n'

    assert (
        in_force(given(tmp_path, words), time_zone="Europe/Paris").tables["practice"]["time_zone"]
        == "Indian/Reunion"
    )
    assert in_force(card(tmp_path / "b").settings, time_zone="UTC").tables["practice"]["time_zone"] == "UTC"
