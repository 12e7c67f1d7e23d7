"""A tar archive is read strictly: what is not a plain file under a plain name is refused, in one sentence."""

import tarfile
from io import BytesIO

import pytest

from sentinel.card.tape import CHUNK, TRAILING, Tape, reader
from sentinel.errors import NotReadable
from tests.card.updates import tar


def read(raw: bytes) -> dict[str, bytes]:
    """Every file of an archive."""
    tape, found = Tape(BytesIO(raw).read, "the file"), {}
    while member := tape.member():
        found[member[0]] = b"".join(tape.content())
    return found


def test_files_come_back_as_they_went_in():
    """Of every length about a block's."""
    files = {f"file-{size}.bin": bytes([size % 251]) * size for size in (0, 1, 511, 512, 513, 10_240)}

    assert read(tar(files)) == files


def test_a_file_comes_in_pieces_that_fit_in_memory():
    """However long it is."""
    tape = Tape(BytesIO(tar({"long": bytes(2 * CHUNK + 7)})).read, "the file")
    tape.member()

    assert [len(piece) for piece in tape.content()] == [CHUNK, CHUNK, 7]


def changed(**fields: object) -> bytes:
    """An archive whose one file has these fields."""
    return tar({"file": b"x"}, lambda info: [setattr(info, name, value) for name, value in fields.items()])


def linked(kind: bytes) -> bytes:
    """A link, which has no bytes of its own."""
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("file")
        info.type, info.linkname = kind, "/etc/shadow"
        archive.addfile(info)
    return file.getvalue()


def pax() -> bytes:
    """A name so long that it needs an extended header."""
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("n" * 300))
    return file.getvalue()


GOOD = tar({"file": b"x" * 600})
REFUSED = {
    "nothing": (b"", "ends too early"),
    "no tar": (b"PK\x03\x04" + bytes(600), "is no tar archive"),
    "noise": (bytes(range(256)) * 4, "is no tar archive"),
    "a cut header": (GOOD[:300], "ends too early"),
    "a cut file": (GOOD[:700], "ends too early"),
    "no end": (GOOD[: 512 * 3], "ends too early"),
    "half an end": (GOOD[: 512 * 4], "ends too early"),
    "a changed header": (b"g" + GOOD[1:], "is no tar archive, or is damaged"),
    "something after its end": (GOOD + b"!", "goes on after its end"),
    "no end of zeros": (GOOD + bytes(TRAILING), "goes on after its end"),
    "hidden bytes": (GOOD[: 512 + 600] + b"!" + GOOD[512 + 601 :], "belong to no file"),
    "a way up": (changed(name="../file"), "as no file of an update is named"),
    "a way down": (changed(name="a/file"), "as no file of an update is named"),
    "an absolute name": (changed(name="/file"), "as no file of an update is named"),
    "a hidden name": (changed(name=".file"), "as no file of an update is named"),
    "a long name": (changed(name="folder/" + "n" * 99), "as no file of an update is named"),
    "an extended header": (pax(), "as no file of an update is named"),
    "a symbolic link": (linked(tarfile.SYMTYPE), "which is no plain file"),
    "a hard link": (linked(tarfile.LNKTYPE), "which is no plain file"),
    "a device": (linked(tarfile.BLKTYPE), "which is no plain file"),
    "a folder": (linked(tarfile.DIRTYPE), "as no file of an update is named"),
    "a sparse file": (linked(tarfile.GNUTYPE_SPARSE), "which is no plain file"),
}


@pytest.mark.parametrize(("raw", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_plain_is_refused_in_one_sentence(raw, words):
    """And nothing of it is guessed."""
    with pytest.raises(NotReadable, match=words) as refused:
        read(raw)

    assert str(refused.value).startswith("the file ")
    assert "\n" not in str(refused.value)


def test_a_size_of_another_notation_is_refused():
    """GNU's, for files beyond 8 GiB, could announce any number, also a negative one."""
    info = tarfile.TarInfo("file")
    info.size = 9 << 30

    with pytest.raises(NotReadable, match="is no tar archive"):
        read(info.tobuf(tarfile.GNU_FORMAT))


def test_a_small_file_that_is_large_is_refused_before_it_is_read():
    """A manifest of a gigabyte must not fill the memory."""
    info = tarfile.TarInfo("file")
    info.size = 1 << 30
    source = BytesIO(info.tobuf(tarfile.USTAR_FORMAT) + bytes(4096))
    tape = Tape(source.read, "the file")
    tape.member()

    with pytest.raises(NotReadable, match="1073741824 bytes where 64 are the most"):
        tape.whole(64)
    assert source.tell() == 512


def test_a_stream_in_pieces_reads_as_a_file():
    """However the pieces fall, the empty ones too."""
    read_some = reader(iter([b"", b"ab", b"", b"cdef", b""]))

    assert [read_some(3) for _ in range(5)] == [b"ab", b"cde", b"f", b"", b""]
