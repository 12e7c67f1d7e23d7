"""One paper is made: the store is read, the paper drawn, and the file put in its folder. A short-lived child.

`watch` starts `python -m sentinel.programs.drawing` and gives it one `Job` as JSON; it answers with one `Made`. So
reportlab is in no lasting process: what it takes it gives back, and a flaw of it ends with the child.
"""

import os
import resource
import sys
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

from sentinel import codec
from sentinel.config import Config
from sentinel.errors import NotReadable
from sentinel.evidence import pack
from sentinel.evidence.boxes import fix_sheet
from sentinel.evidence.certificate import certificate
from sentinel.evidence.closing import closing_page
from sentinel.evidence.dossier import dossier
from sentinel.evidence.facts import Letterhead
from sentinel.evidence.guide import FIX_SHEET, guide
from sentinel.evidence.listing import as_csv, as_json, incident_json
from sentinel.evidence.month import month_page
from sentinel.evidence.notification import notification
from sentinel.model.acting import PaperKind
from sentinel.model.ledger import last_hash
from sentinel.places import Places
from sentinel.programs import gathering, tallying
from sentinel.programs.effective import effective
from sentinel.programs.ordering import BEGUN, Job, Made, Order, month_of
from sentinel.reach.keys import own_key
from sentinel.secret import give
from sentinel.store import anchors
from sentinel.store.reading import Reader, opened

NEWEST = 6
"""Heads of the file beside the store that go with a dossier: those of three echoes over two families."""
SAME_DAY = 200
"""Papers of one kind, about one thing, on one day."""
MEMORY = 768 << 20
"""Bytes of address space, most of which is libraries; a dossier takes some 60 MB of memory."""
CPU = 60
"""Seconds of computing: a dossier of 5,000 connections takes two on a small computer."""


def draw(order: Order, config: Config, places: Places, now: datetime) -> Made:
    """Make one paper.

    Raises:
        NotReadable: there is no such incident, or no such month.
        OSError: the store cannot be read, or the file cannot be written.
    """
    config = effective(config, places)
    head = gathering.letterhead(config, now, order.language)
    day = now.astimezone(head.audience.zone).date()
    with opened(places.store) as reader:
        match order.kind:
            case PaperKind.DOSSIER:
                stem, ending = f"dossier-incident-{order.incident}-{day}", "zip"
                content = _sealed(reader, head, order.incident, places, f"{stem}.{ending}")
            case PaperKind.MONTH:
                first = month_of(order.month)
                stem, ending = f"mois-{first:%Y-%m}", "pdf"
                content = month_page(tallying.month(reader, head, first))
            case PaperKind.CERTIFICATE:
                stem, ending = f"attestation-{day}", "pdf"
                content = certificate(tallying.installation(reader, head, config, places, order.who))
            case PaperKind.CLOSING:
                stem, ending = f"cloture-{day}", "pdf"
                content = closing_page(tallying.closing(reader, head, order.who))
    return Made(name=_put(places.papers, stem, ending, content), sha256=sha256(content).hexdigest())


def _sealed(reader: Reader, head: Letterhead, number: int, places: Places, name: str) -> bytes:
    """The ZIP of one incident, signed by this sentinel."""
    case = gathering.case(reader, head, number)
    if case is None:
        raise NotReadable(f"there is no incident {number}")
    beside = anchors.read(places.anchors)[-NEWEST:]
    key, pieces = own_key(places.lasting), gathering.pieces(reader, number, beside)
    files = {
        pack.DOSSIER: dossier(case),
        pack.DRAFT: notification(case),
        FIX_SHEET: fix_sheet(case),
        pack.INCIDENT: incident_json(case),
        pack.CONNECTIONS_CSV: as_csv(case),
        pack.CONNECTIONS_JSON: as_json(case),
        **pieces,
    }
    return pack.seal(
        {pack.README: guide(case, name, files), **files},
        made=head.audience.now,
        head=last_hash(pieces[pack.JOURNAL]),  # `watch` may have written another entry meanwhile
        sign=key.sign,
        public_key=key.public_key().public_bytes_raw(),
    )


def _put(folder: Path, stem: str, ending: str, content: bytes) -> str:
    """Write a file that is there whole or not at all, and never over another; its name."""
    _make(folder)
    handle, begun = mkstemp(prefix=BEGUN, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o640)
            file.flush()
            os.fsync(file.fileno())
        give(Path(begun))
        for place in range(1, SAME_DAY + 1):
            name = f"{stem}.{ending}" if place == 1 else f"{stem}-{place}.{ending}"
            with suppress(FileExistsError):
                os.link(begun, folder / name)
                return name
        raise OSError(f"there are {SAME_DAY} of {stem} already")
    finally:
        Path(begun).unlink(missing_ok=True)
        _keep(folder)


def _make(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        give(folder)


def _keep(folder: Path) -> None:
    """The folder's entry on disk as well."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> None:
    """The child: a job on standard input, what was made on standard output; a reason and exit 1 otherwise."""
    os.umask(0o027)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    job = codec.decode(sys.stdin.buffer.read(), Job)
    try:
        made = draw(job.order, job.config, job.places, job.now)
    except (NotReadable, OSError) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(codec.encode(made))


if __name__ == "__main__":
    main()
