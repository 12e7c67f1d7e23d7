"""Changing the settings: checked, kept at once, and never by halves."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel.config import Config, Practice
from sentinel.judgement.casebook import Casebook
from sentinel.judgement.judge import Judge, Terms
from sentinel.judgement.verdict import Outlook
from sentinel.model.declared import View
from sentinel.pipeline import Street
from sentinel.programs.changing import change
from sentinel.store import reading
from sentinel.store.archive import Archive
from sentinel.wire.requests import LARGEST, Reply, Request, Verb
from tests.builders import moment, networks

FILE = Config(practice=Practice(name="Cabinet Rivage"), labels={"aa:bb:cc:00:00:01": "IRM"})


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A street with a real store, whose batches would wait for an hour."""
    archive = Archive(tmp_path / "sentinel.db", "boot-1")
    yield Street(
        judge=Judge(networks(), Terms(), moment()),
        casebook=Casebook(),
        archive=archive,
        outlook=Outlook(started=moment(), view=View.MIRROR, echo=True),
        signal=lambda *_: None,
        acknowledge=lambda *_: None,
        ask_soon=lambda: None,
        batch=timedelta(hours=1),
    )
    archive.close()


def wish(section: str, value: object) -> Request:
    return Request(verb=Verb.SETTING, section=section, value=json.dumps(value), who="Anne" * 50)


def kept(folder: Path) -> dict[str, str]:
    """As the page reads it."""
    with reading.opened(folder / "sentinel.db") as reader:
        return reader.settings()


def test_a_setting_is_on_disk_before_the_answer(street, tmp_path):
    """Whoever saved looks at the page a moment later; a batch would show the past."""
    assert change(wish("practice", {"name": "Cabinet du Port"}), FILE, street, moment()) is Reply.DONE
    assert json.loads(kept(tmp_path)["practice"])["name"] == "Cabinet du Port"
    assert street.archive.settings() == kept(tmp_path)


def test_who_and_when_are_kept(street):
    """Eighty letters of a name at most."""
    change(wish("practice", {}), FILE, street, moment())

    assert street.archive.at_once("SELECT who, at FROM settings", ()) == [
        ("Anne" * 20, "2026-03-02T09:00:00.000000Z")
    ]


def test_labels_are_told_one_by_one(street, tmp_path):
    """Names of the file and of the page add up; no request ever holds them all."""
    for n in range(2, 400):
        asked = wish("labels", {f"aa:bb:cc:00:{n >> 8:02x}:{n & 255:02x}": "Poste de soins"})
        assert len(asked.value) < LARGEST
        assert change(asked, FILE, street, moment()) is Reply.DONE

    labels = json.loads(kept(tmp_path)["labels"])
    assert len(labels) == 399
    assert labels["aa:bb:cc:00:00:01"] == "IRM"


@pytest.mark.parametrize(
    ("section", "value", "reply"),
    [
        ("practice", {"days": [9]}, Reply.NOT_ALLOWED),
        ("practice", {"name": "A" * 81}, Reply.NOT_ALLOWED),
        ("labels", {"x": "IRM"}, Reply.NOT_ALLOWED),
        ("notices", {"practice": ["not an address"]}, Reply.NOT_ALLOWED),
        ("practice", {"name": 5}, Reply.NOT_UNDERSTOOD),
        ("capture", {}, Reply.NOT_UNDERSTOOD),
        ("expected", [], Reply.NOT_UNDERSTOOD),
    ],
)
def test_what_has_a_mistake_changes_nothing(street, tmp_path, section, value, reply):
    """And what judgement rests on is no setting at all."""
    assert change(wish(section, value), FILE, street, moment()) is reply
    assert kept(tmp_path) == {}
