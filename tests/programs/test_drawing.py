"""A paper from the store to its folder: whole, sealed, never over another, and made by a child that goes away."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from sentinel import codec
from sentinel.errors import NotReadable
from sentinel.evidence.pack import unseal
from sentinel.model.acting import PaperKind
from sentinel.places import Places
from sentinel.programs.drawing import FIX_SHEET, SAME_DAY, draw
from sentinel.programs.ordering import BEGUN, Job, Made, Order, month_of
from tests.evidence.cases import pages, words
from tests.programs.furnished import CONFIG, NOW, PATIENT, furnished

DOSSIER = Order(kind=PaperKind.DOSSIER, incident=7)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Read by every test, and written to by none but for its papers."""
    return furnished(tmp_path_factory.mktemp("drawing"))


def drawn(places: Places, order: Order) -> bytes:
    return (places.papers / draw(order, CONFIG, places, NOW).name).read_bytes()


def test_a_dossier_holds_everything_and_is_sealed(kept):
    """On another machine nothing but the file is there to verify it."""
    pack = unseal(drawn(kept, DOSSIER))

    assert pack.is_signed
    assert pack.wrong == ()
    assert set(pack.files) == {
        "LISEZMOI.txt",
        "dossier.pdf",
        "brouillon-cnil.pdf",
        FIX_SHEET,
        "incident.json",
        "connexions.csv",
        "connexions.json",
        "journal.jsonl",
        "ancres.jsonl",
    }
    assert b'"kind":"alarm"' in pack.files["journal.jsonl"]


def test_its_pdf_tells_what_the_store_holds(kept):
    """From rows to words: the door, the checks by name, the visits, the three times."""
    said = words(unseal(drawn(kept, DOSSIER)).files["dossier.pdf"])

    for known in (
        "Cabinet du Parc",
        "RADIO-PC",
        "echo.example",
        "imagerie (DICOM), association acceptée",
        "Environ 4 Mo",
        "ZZSTRANGER / ORTHANC",
        "Alerte lue le mardi 3 mars 2026 à 10 h 00 par Anne.",
        "La fermeture a été prouvée le mercredi 4 mars 2026 à 10 h 00",
        "la porte pouvait être ouverte avant l’installation",
    ):
        assert known in said


def test_a_paper_is_nobody_elses_to_read(kept):
    """Addresses of staff and strangers stand in it."""
    path = kept.papers / draw(DOSSIER, CONFIG, kept, NOW).name

    assert path.stat().st_mode & 0o777 == 0o640
    assert kept.papers.stat().st_mode & 0o007 == 0


def test_a_paper_never_takes_the_place_of_another(tmp_path):
    """What was handed out stays what it was."""
    kept = furnished(tmp_path)
    month = Order(kind=PaperKind.MONTH, month="2026-03")
    names = [draw(month, CONFIG, kept, NOW + timedelta(hours=n)).name for n in range(3)]

    assert names == ["mois-2026-03.pdf", "mois-2026-03-2.pdf", "mois-2026-03-3.pdf"]
    assert len({(kept.papers / name).read_bytes() for name in names}) == 3
    assert list(kept.papers.glob(f"{BEGUN}*")) == []


def test_one_thing_has_so_many_papers_a_day_and_no_more(tmp_path):
    """Whoever asks for ever fills no card."""
    places = furnished(tmp_path)
    places.papers.mkdir()
    for place in range(1, SAME_DAY + 1):
        (places.papers / ("mois-2026-03.pdf" if place == 1 else f"mois-2026-03-{place}.pdf")).touch()

    with pytest.raises(OSError, match=str(SAME_DAY)):
        draw(Order(kind=PaperKind.MONTH, month="2026-03"), CONFIG, places, NOW)
    assert len(list(places.papers.iterdir())) == SAME_DAY


def test_the_month_is_what_the_journal_tells_of_its_days(kept):
    """Two days told, one today, the rest to come; the door that was open that month."""
    made = drawn(kept, Order(kind=PaperKind.MONTH, month="2026-03"))
    said = words(made)

    assert (
        "2 jours prouvés sans interruption sur 4" in said
    )  # the 1st was the day of installation, and told of nothing
    assert "sentinelle éteinte ou débranchée" in said
    assert "prouvé le 4 mars 2026, 10:00" in said
    assert "12 400 essais repoussés" in said
    assert "L’adresse IPv6 de la ligne est partagée" in said
    assert pages(made) == 1


def test_the_certificate_names_what_is_accepted_and_what_proves(kept):
    """With its last day, in the practice's own zone."""
    said = words(drawn(kept, Order(kind=PaperKind.CERTIFICATE, who="Sophie")))

    assert "1194 tout le monde mardi 1 septembre 2026 Dr Moreau VPN" in said.replace("1er", "1")
    assert "echo.example" in said
    assert "Sophie" in said


def test_the_closing_page_counts(kept):
    """Everything there is, in one page."""
    said = words(drawn(kept, Order(kind=PaperKind.CLOSING)))

    assert "3 contrôles complets" in said
    assert "1, dont 1 en alerte" in said


def test_a_paper_is_made_in_the_language_that_was_asked_for(kept):
    """Whatever the practice's own is."""
    assert "Doors watched, March 2026" in words(
        drawn(kept, Order(kind=PaperKind.MONTH, month="2026-03", language="en"))
    )


@pytest.mark.parametrize(
    "order", [Order(kind=PaperKind.DOSSIER, incident=8), Order(kind=PaperKind.MONTH, month="x")]
)
def test_what_is_not_there_is_said_and_leaves_nothing(kept, order):
    """One sentence, no half a file."""
    before = sorted(kept.papers.iterdir()) if kept.papers.is_dir() else []

    with pytest.raises(NotReadable):
        draw(order, CONFIG, kept, NOW)
    assert (sorted(kept.papers.iterdir()) if kept.papers.is_dir() else []) == before


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2026-11-26", "../../etc", "２０２６-１１-1"])
def test_only_a_month_is_a_month(text):
    """It becomes part of a file's name."""
    with pytest.raises(NotReadable):
        month_of(text)


def test_no_patient_and_no_payload_is_in_any_paper(kept):
    """The name of the tests' images was never near the store; its papers hold none of its letters either."""
    everything = b"".join(unseal(drawn(kept, DOSSIER)).files.values())

    assert PATIENT not in everything
    assert b"ZZTEST" not in everything


def test_the_child_answers_with_name_and_hash_and_gives_back_what_it_took(kept):
    """Its memory is printed: the aim is below 200 MB on the smallest computer."""
    job = Job(order=DOSSIER, config=CONFIG, lasting=str(kept.lasting), passing=str(kept.passing), now=NOW)
    child = subprocess.Popen(
        [sys.executable, "-m", "sentinel.programs.drawing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            peak[0] = max(peak[0], _resident(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.monotonic()
    said, complained = child.communicate(codec.encode(job), timeout=100)
    over.set()
    watcher.join()
    print(f"a dossier by a child: {time.monotonic() - begun:.1f} s, {peak[0] / 1e6:.0f} MB at most")

    assert child.returncode == 0, complained
    made = codec.decode(said, Made)
    assert unseal((kept.papers / made.name).read_bytes()).is_signed
    assert 0 < peak[0] < 200e6


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)


def test_a_child_that_cannot_says_why_in_one_line(kept):
    """The street logs it, and the page says that it failed."""
    job = Job(
        order=Order(kind=PaperKind.DOSSIER, incident=99),
        config=CONFIG,
        lasting=str(kept.lasting),
        passing=str(kept.passing),
        now=NOW,
    )
    done = subprocess.run(
        [sys.executable, "-m", "sentinel.programs.drawing"],
        input=codec.encode(job),
        capture_output=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == b"there is no incident 99\n"
    assert done.stdout == b""


def test_nothing_that_draws_is_in_the_lasting_programs():
    """reportlab lives and dies with the child."""
    code = (
        "import sys, sentinel.programs.watch, web.app; print(sorted(m for m in sys.modules if 'reportlab' in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
