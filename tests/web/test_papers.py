"""`/papers`: who may have which file, that it is the file that was made, and how one is ordered."""

import re
from hashlib import sha256

import pytest
from flask.testing import FlaskClient
from furnished import TOKEN, Cabinet, moment
from werkzeug.test import TestResponse

from sentinel.model.acting import PaperKind
from sentinel.store import rows
from sentinel.wire.requests import Answer, Reply, Verb

PDF = b"%PDF-1.4 a paper"


def paper(cabinet: Cabinet, name: str = "mois-2026-10.pdf", content: bytes = PDF, **more: object) -> None:
    """A paper in its folder and in the table."""
    cabinet.places.papers.mkdir(exist_ok=True)
    (cabinet.places.papers / name).write_bytes(content)
    row = {
        "kind": PaperKind.MONTH.value,
        "name": name,
        "sha256": sha256(content).hexdigest(),
        "incident": 0,
        "who": "Anne",
        "at": rows.text(moment().wall),
    }
    cabinet.add("papers", {**row, **more})


def test_papers_are_listed_with_who_asked_for_them(cabinet):
    """Newest first, each with its file."""
    paper(cabinet)
    page = cabinet.insider().get("/papers").text

    assert page.index("mois-2026-10.pdf") < page.index("dossier-incident-1") < page.index("mois-2026-09.pdf")
    assert "Anne" in page
    assert "le calendrier" in page
    assert 'href="/incidents/1"' in page


def test_a_paper_is_handed_out_as_it_was_made(cabinet):
    """To be saved, under its own name, as what it is."""
    paper(cabinet)
    answer = cabinet.insider().get("/papers/mois-2026-10.pdf")

    assert answer.data == PDF
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mois-2026-10.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_dossier_is_a_zip(cabinet):
    """For the browser's own program."""
    paper(cabinet, "dossier-incident-1-2026-11-24.zip", b"PK", kind="dossier")

    assert cabinet.insider().get("/papers/dossier-incident-1-2026-11-24.zip").mimetype == "application/zip"


@pytest.mark.parametrize("path", ["/papers", "/papers/mois-2026-10.pdf"])
def test_nobody_without_the_code_sees_a_paper_or_its_name(cabinet, path):
    """They are sent to give it."""
    paper(cabinet)
    answer = cabinet.visitor().get(path)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/code")
    assert PDF not in answer.data


@pytest.mark.parametrize(
    "name",
    [
        "../sentinel.db",
        "..%2fsentinel.db",
        "%2e%2e/sentinel.db",
        "....//sentinel.key",
        "/etc/passwd",
        "..\\sentinel.db",
        "sentinel.db",
        "mois-2026-10.pdf%00.zip",
        "MOIS-2026-10.PDF",
        ".paper-abc",
        "mois-2026-08.pdf",
    ],
)
def test_only_names_of_the_table_are_looked_for(cabinet, name):
    """A path never is: not one that leaves the folder, not one that is in it."""
    paper(cabinet)
    (cabinet.places.papers / "mois-2026-08.pdf").write_bytes(PDF)
    (cabinet.places.papers / ".paper-abc").write_bytes(PDF)
    answer = cabinet.insider().get(f"/papers/{name}")

    assert answer.status_code in (308, 404)
    assert b"SQLite" not in answer.data
    assert PDF not in answer.data


def test_a_name_that_leaves_the_folder_is_not_looked_for_even_from_the_table(cabinet):
    """Whoever could write to the table still reads no other file."""
    paper(cabinet)
    secret = cabinet.places.lasting / "secret.pdf"
    secret.write_bytes(b"secret")
    cabinet.add("papers", _row("../secret.pdf", b"secret"))

    assert cabinet.insider().get("/papers/../secret.pdf").data != b"secret"
    assert cabinet.insider().get("/papers/..%2fsecret.pdf").status_code == 404


def send(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    """A form with its token, as the page of papers or the first page holds it."""
    page = browser.get("/papers", follow_redirects=True).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return browser.post(path, data={"csrf_token": found[1], **fields})


def _row(name: str, content: bytes) -> dict[str, object]:
    return {
        "kind": "month",
        "name": name,
        "sha256": sha256(content).hexdigest(),
        "incident": 0,
        "who": "",
        "at": rows.text(moment().wall),
    }


@pytest.mark.parametrize("harm", ["changed", "gone", "linked"])
def test_a_file_that_is_not_what_was_made_is_not_handed_out(cabinet, harm):
    """A dossier goes to an insurer: its bytes are those the journal was told of, or it does not go."""
    paper(cabinet)
    path = cabinet.places.papers / "mois-2026-10.pdf"
    if harm == "changed":
        path.write_bytes(PDF + b" and more")
    else:
        path.unlink()
    if harm == "linked":
        (cabinet.places.lasting / "same").write_bytes(PDF)
        path.symlink_to(cabinet.places.lasting / "same")
    answer = cabinet.insider().get("/papers/mois-2026-10.pdf")

    assert answer.status_code == 410
    assert "il n’est pas remis" in answer.text
    assert PDF not in answer.data


def test_a_months_page_is_ordered_in_the_readers_language(cabinet, watch):
    """`watch` decides; the page shows what it said."""
    answer = send(cabinet.insider("en"), "/papers", kind="month", month="2026-10", who="Anne")
    [wish] = cabinet.heard

    assert answer.headers["Location"] == "/papers"
    assert (wish.verb, wish.kind, wish.when, wish.value, wish.who) == (
        Verb.PAPER,
        "month",
        "2026-10",
        "en",
        "Anne",
    )
    assert wish.session == TOKEN
    assert wish.client


def test_a_dossier_is_ordered_from_its_incident(cabinet, watch):
    """With its number, and nothing else."""
    send(cabinet.insider(), "/incidents/1/dossier", who="Anne")
    [wish] = cabinet.heard

    assert (wish.verb, wish.kind, wish.incident, wish.section, wish.who) == (
        Verb.PAPER,
        "dossier",
        1,
        "",
        "Anne",
    )


@pytest.mark.parametrize(("path", "page"), [("/papers", "/papers"), ("/incidents/1/dossier", "/incidents/1")])
def test_a_paper_is_ordered_by_somebody(cabinet, watch, path, page):
    """Each form asks for a name, filled in once it is known; only the calendar's own paper has none."""
    browser = cabinet.insider()
    browser.set_cookie("sentinel_who", "Anne")
    shown = browser.get(page).text
    forms = re.findall(rf'<form method="post" action="{path}".*?</form>', shown, re.DOTALL)
    assert forms
    assert all('name="who"' in each and 'value="Anne"' in each for each in forms)

    send(browser, path, kind="month", month="2026-10", who=" ")
    assert cabinet.heard == []


def test_the_page_cannot_order_a_certificate(cabinet, watch):
    """That is the wizard's, after its own question."""
    assert send(cabinet.insider(), "/papers", kind="certificate").status_code == 400
    assert cabinet.heard == []


@pytest.mark.parametrize("path", ["/papers", "/incidents/1/dossier"])
def test_nothing_is_ordered_without_the_code_the_token_or_by_following_a_link(cabinet, watch, path):
    """No action by GET, none by a stranger."""
    assert send(cabinet.visitor(), path, kind="month", month="2026-10").status_code == 303
    assert cabinet.insider().post(path, data={"kind": "month", "month": "2026-10"}).status_code == 400
    if path != "/papers":
        assert cabinet.insider().get(path).status_code in (404, 405)
    assert cabinet.heard == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply.DONE, "Document demandé"),
        (Reply.BUSY, "Réessayez plus tard"),
        (Reply.NOT_ALLOWED, "ne peut pas être établi"),
    ],
)
def test_what_came_of_an_order_is_said(cabinet, watch, reply, said):
    """In the words of papers, not of checks."""
    watch(Answer(reply=reply))
    browser = cabinet.insider()
    send(browser, "/papers", kind="month", month="2026-10", who="Anne")

    assert said in browser.get("/papers").text


@pytest.mark.parametrize(
    ("state", "said"), [("making", "en préparation"), ("failed", "n’a pas pu être établi"), ("", "Aucun document")]
)
def test_a_paper_under_way_and_one_that_failed_are_told(cabinet, state, said):
    """By the pulse: the table knows only what was made."""
    cabinet.clear("papers")
    cabinet.beat(paper=state)

    assert said in cabinet.insider().get("/papers").text


def test_the_months_offered_are_those_there_is_anything_to_tell_of(cabinet):
    """From this one back to the first thing recorded, a year at most."""
    page = cabinet.insider().get("/papers").text
    assert page.count("<option") == 1
    assert "novembre 2026" in page

    cabinet.add("runs", {"run": "old", "boot": "b", "started": "2020-01-01T00:00:00.000000Z", "committed": 0})
    assert cabinet.insider().get("/papers").text.count("<option") == 13


def test_names_from_people_are_no_markup(cabinet):
    """Whoever asked may be called anything."""
    paper(cabinet, who="<script>x()</script>")

    assert "<script>x()" not in cabinet.insider().get("/papers").text
