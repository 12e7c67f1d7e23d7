"""A pack proves itself, and one made to harm is refused before a byte of it is unpacked."""

import json
import subprocess
import zipfile
from base64 import b64decode
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.evidence import pack
from sentinel.evidence.pack import MANIFEST, SIGNATURE, NotAPack, seal, unseal

KEY = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
MADE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILES = {"LISEZMOI.txt": "à lire\n".encode(), "rapports/check-1.json": b"{}", "dossier.pdf": bytes(range(256))}
DOS_ONLY = 0
LINK = 0o120777 << 16


def sealed(files: dict[str, bytes] | None = None, key: Ed25519PrivateKey = KEY) -> bytes:
    return seal(FILES if files is None else files, made=MADE, head="a" * 64, sign=key.sign, public_key=PUBLIC)


def packed(*entries: tuple[str, bytes], attributes: int = DOS_ONLY, level: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with anything in it, as somebody else makes one."""
    drawn = BytesIO()
    with zipfile.ZipFile(drawn, "w", level) as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = attributes, level
            archive.writestr(info, content)
    return drawn.getvalue()


def contents(raw: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def test_what_was_sealed_is_read_and_proved():
    """Every file, the time, the key and the head."""
    read = unseal(sealed())

    assert (read.files, read.made, read.by, read.head) == (FILES, MADE, PUBLIC, "a" * 64)
    assert read.is_signed
    assert read.wrong == ()


def test_the_same_files_make_the_same_bytes():
    """So that two who were given one can compare them by their hash."""
    assert sealed() == sealed(dict(reversed(FILES.items())))


def test_openssl_verifies_the_manifest_without_anything_of_ours(tmp_path: Path):
    """The signature is over the very bytes of the file."""
    for name, content in contents(sealed()):
        if name in (MANIFEST, SIGNATURE):
            (tmp_path / name).write_bytes(content)
    by = b64decode(json.loads((tmp_path / MANIFEST).read_bytes())["by"])
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + by)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin"]

    done = subprocess.run(
        [*command, "-in", MANIFEST, "-sigfile", SIGNATURE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Verified Successfully" in done.stdout, done


def test_a_changed_a_missing_and_an_added_file_are_each_named():
    """One byte is enough."""
    kept = dict(contents(sealed()))

    changed = unseal(packed(*(kept | {"dossier.pdf": b"x"}).items()))
    missing = unseal(packed(*((name, content) for name, content in kept.items() if name != "dossier.pdf")))
    added = unseal(packed(*kept.items(), ("more.txt", b"")))

    assert (changed.wrong, missing.wrong, added.wrong) == (("dossier.pdf",), ("dossier.pdf",), ("more.txt",))
    assert all(each.is_signed for each in (changed, missing, added))


def test_another_manifest_or_another_key_is_no_signature():
    """Whoever rewrites the hashes cannot sign them."""
    kept = dict(contents(sealed()))
    kept[MANIFEST] = kept[MANIFEST].replace(b"a" * 64, b"b" * 64)

    assert not unseal(packed(*kept.items())).is_signed
    assert not unseal(sealed(key=Ed25519PrivateKey.generate())).is_signed


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a/b/c",
        "C:\\x",
        "a\\b",
        ".hidden",
        "a//b",
        "a b",
        "é",
        "x" * 101,
        "folder/",
        "a\nb",
    ],
)
def test_a_name_that_leaves_the_folder_is_refused_both_ways(name):
    """Read or written, absolute, upward, or merely strange."""
    with pytest.raises(NotAPack):
        unseal(packed(*contents(sealed()), (name, b"")))
    with pytest.raises(ValueError, match="cannot be packed"):
        sealed({name: b""})


def test_a_name_that_comes_twice_is_refused():
    """Two readers would read two different files; on some disks also where only the case differs."""
    kept = contents(sealed())

    with pytest.warns(UserWarning, match="Duplicate"):
        twice = packed(*kept, ("dossier.pdf", b"x"))
    with pytest.raises(NotAPack, match="twice"):
        unseal(twice)
    with pytest.raises(NotAPack, match="twice"):
        unseal(packed(*kept, ("DOSSIER.pdf", b"x")))


def test_a_link_is_refused():
    """A name that leads elsewhere."""
    with pytest.raises(NotAPack, match="may not be called or be"):
        unseal(packed(*contents(sealed()), attributes=LINK))


def test_a_bomb_is_refused_before_it_is_unpacked():
    """By its ratio, by its sum, by its number of files."""
    with pytest.raises(NotAPack, match="no honest file"):
        unseal(packed(("bomb", bytes(2 << 20))))
    with pytest.raises(NotAPack, match="MB"):
        unseal(packed(*((f"b{number}", bytes(1 << 20)) for number in range(65))))
    with pytest.raises(NotAPack, match="too many"):
        unseal(packed(*((f"f{number}", b"") for number in range(pack.MOST + 1))))


def test_a_bomb_that_lies_about_its_size_is_stopped_at_what_it_said():
    """The sizes in the directory bind the reader, and then the checksum does not agree."""
    raw = bytearray(packed(("bomb", bytes(1 << 20))))
    for place in (raw.find(b"PK\x01\x02") + 24, raw.find(b"PK\x03\x04") + 22):
        raw[place : place + 4] = (1000).to_bytes(4, "little")

    with pytest.raises(NotAPack, match="damaged"):
        unseal(bytes(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04",
        b"not a zip",
        sealed()[:-30],
        sealed()[:200],
        packed(("a", b"")),
        b"#!/bin/sh\n" + sealed(),
    ],
    ids=["empty", "a head", "text", "cut", "cut early", "another ZIP", "with something before it"],
)
def test_what_is_no_pack_is_one_sentence(raw):
    """Never a traceback."""
    with pytest.raises(NotAPack):
        unseal(raw)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b'{"v":2}', b'{"v":1}', b"[" * 100_000, b'{"v":1,"made":"x","by":"","head":"","files":{}}'],
)
def test_a_manifest_that_is_none_is_one_sentence(manifest):
    """Whoever signed it."""
    with pytest.raises(NotAPack):
        unseal(packed((MANIFEST, manifest), (SIGNATURE, KEY.sign(manifest))))


def test_every_damaged_byte_is_a_sentence_or_a_finding():
    """Nothing that was changed on its way is taken for good, and nothing raises anything else."""
    raw = sealed({"LISEZMOI.txt": b"short"})
    for place in range(0, len(raw), 3):
        bent = bytearray(raw)
        bent[place] ^= 0x41
        try:
            read = unseal(bytes(bent))
        except NotAPack:
            continue
        same = read.files == {"LISEZMOI.txt": b"short"} and read.made == MADE and read.head == "a" * 64
        assert same or read.wrong or not read.is_signed, place
