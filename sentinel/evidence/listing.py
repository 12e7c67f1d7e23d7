"""The rows of a dossier as files for other programs: CSV for a spreadsheet, JSON for everything else."""

import csv
import json
from collections.abc import Iterable
from dataclasses import fields
from io import StringIO

from sentinel import codec
from sentinel.evidence.facts import Case, Visit
from sentinel.text import say
from sentinel.text.cells import defused, plain

COLUMNS = tuple(field.name for field in fields(Visit))


def as_csv(case: Case) -> bytes:
    """As spreadsheets open it by a double click: UTF-8 with its mark, the language's own separator.

    AE titles are a stranger's words: no cell of theirs is ever a formula.
    """
    audience, paper = case.head.audience, StringIO()
    rows = csv.writer(paper, delimiter=";" if audience.language == "fr" else ",", lineterminator="\r\n")
    rows.writerow([say(audience.language, f"connections.{name}") for name in COLUMNS])
    rows.writerows([defused(cell) for cell in _cells(case, visit)] for visit in case.visits)
    return paper.getvalue().encode("utf-8-sig")


def _cells(case: Case, visit: Visit) -> Iterable[str]:
    for name in COLUMNS:
        value = getattr(visit, name)
        if name in ("opened", "changed"):
            value = value.astimezone(case.head.audience.zone).isoformat(timespec="milliseconds")
        yield plain(case.head.audience.language, name, value)


def as_json(case: Case) -> bytes:
    """The same rows; times in UTC."""
    return _pretty(codec.encode(case.visits))


def incident_json(case: Case) -> bytes:
    """The incident, its timeline and what each check said of its door, as the store holds them."""
    held = {
        "incident": json.loads(codec.encode(case.incident)),
        "chapters": json.loads(codec.encode(case.chapters)),
        "checks": json.loads(codec.encode(case.proofs)),
        "labels": dict(case.head.audience.labels),
        "made": case.head.audience.now.isoformat(),
        "made_by": f"Cabinet Sentinel {case.head.version}",
        "view": case.head.view.value,
        "connections": case.visits_in_all,
    }
    return json.dumps(held, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def _pretty(encoded: bytes) -> bytes:
    return json.dumps(json.loads(encoded), ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"
