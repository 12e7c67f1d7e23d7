"""A technician who wrote a wrong line on the card reads it on the page, in his language, behind the code."""

import pytest

from web.flashed import unused

TOLD = '{"fr":["sentinel.toml : practice.fax"],"en":["sentinel.toml: practice.fax"]}'


@pytest.mark.parametrize("path", ["/sentinel", "/first/welcome"])
def test_what_the_card_could_not_use_is_shown_behind_the_code(cabinet, path):
    """And to nobody else."""
    assert "ERREUR-SENTINELLE" not in cabinet.insider().get(path).text
    cabinet.places.mistakes.write_text(TOLD, encoding="utf-8")

    french, english = (cabinet.insider().get(f"{path}?lang={language}").text for language in ("fr", "en"))

    assert "sentinel.toml : practice.fax" in french
    assert "sentinel.toml: practice.fax" in english
    assert "practice.fax" not in cabinet.visitor().get("/").text


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b'{"fr": 3}'])
def test_a_file_that_cannot_be_read_says_nothing(tmp_path, raw):
    """Neither does one that is not there, as on a laptop."""
    told = tmp_path / "card.json"
    assert unused(told, "fr") == ()
    told.write_bytes(raw)

    assert unused(told, "fr") == ()
