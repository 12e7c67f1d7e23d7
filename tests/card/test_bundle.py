"""An update is read in one pass, and whatever is not as it was signed is refused in one sentence."""

import base64
import json
import os
import re
import subprocess
import sys
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sentinel.card import bundle
from sentinel.card.bundle import BOOT, MANIFEST, ROOT, SIGNED, Bundle
from sentinel.card.latest import announced
from sentinel.card.tape import CHUNK
from sentinel.errors import NotReadable
from tests.card.updates import BOOT as BOOT_FILES
from tests.card.updates import CURRENT, KEYS, MADE, NEXT, STRANGER, Making, signed, tar

pytestmark = pytest.mark.zstd


def read(raw: bytes) -> tuple[bytes, bytes]:
    """Both parts of an update."""
    found = Bundle(BytesIO(raw).read, KEYS)
    parts = b"".join(found.boot()), b"".join(found.root())
    found.end()
    return parts


@pytest.mark.parametrize("key", [CURRENT, NEXT], ids=["current", "next"])
def test_what_was_made_is_what_is_read(tmp_path, key):
    """Signed by either key, larger than one piece."""
    making = Making(tmp_path, root=os.urandom(2 * CHUNK + 5), key=key)
    raw = making.update().read_bytes()

    assert Bundle(BytesIO(raw).read, KEYS).manifest.version == "0.2.0"
    assert read(raw) == (tar(BOOT_FILES), making.root)


def test_the_same_parts_make_the_same_file(tmp_path):
    """Two people who build one commit can compare."""
    assert Making(tmp_path / "one").update().read_bytes() == Making(tmp_path / "two").update().read_bytes()


def test_a_folder_of_boot_files_makes_the_same_update_as_their_tar(tmp_path):
    """The maker hands in what lies on the card."""
    making = Making(tmp_path / "tar")
    by_tar = making.update().read_bytes()
    folder = tmp_path / "boot"
    folder.mkdir()
    for name, content in BOOT_FILES.items():
        (folder / name).write_bytes(content)
    parts = {name: tmp_path / "tar" / file for name, file in (("root", "root.img"), ("key", "key.pem"))}
    bundle.write(tmp_path / "sentinel-0.2.0.update", version="0.2.0", boot=folder, made=MADE, **parts)

    assert (tmp_path / "sentinel-0.2.0.update").read_bytes() == by_tar


def test_the_makers_command_makes_it(tmp_path):
    """And latest.json beside it, under the same signature."""
    making = Making(tmp_path)
    made = making.update().read_bytes()
    update = tmp_path / "out" / "sentinel-0.2.0.update"
    update.parent.mkdir()
    parts = {"root": "root.img", "boot": "boot.tar", "key": "key.pem"}
    words = [word for name, file in parts.items() for word in (f"--{name}", str(tmp_path / file))]
    made_at = str(int(MADE.timestamp()))
    command = [sys.executable, "-m", "sentinel.card.bundle", str(update), "--version", "0.2.0", "--made", made_at]
    subprocess.run([*command, *words], check=True)

    assert update.read_bytes() == made
    manifest, name = announced((update.parent / "latest.json").read_bytes(), KEYS)
    assert (manifest.version, name) == ("0.2.0", "sentinel-0.2.0.update")


def test_a_key_of_another_kind_signs_nothing(tmp_path):
    """The maker hears it before anything is packed."""
    making = Making(tmp_path, key=ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(ValueError, match="is not an Ed25519 key"):
        making.update()
    assert list(tmp_path.glob("*.update")) == []


REFUSED = {
    "nothing": (lambda good: b"", "ends too early"),
    "not a tar": (lambda good: os.urandom(4096), "is no tar archive"),
    "a cut": (lambda good: tar(good)[:-30_000], "ends too early|is damaged"),
    "an empty archive": (lambda good: tar({}), "holds nothing where manifest.json belongs"),
    "the signature first": (
        lambda good: tar({name: good[name] for name in (SIGNED, MANIFEST, BOOT, ROOT)}),
        "holds manifest.sig where manifest.json belongs",
    ),
    "the root first": (
        lambda good: tar({name: good[name] for name in (MANIFEST, SIGNED, ROOT, BOOT)}),
        "holds root.img.zst where boot.tar.zst belongs",
    ),
    "no root": (
        lambda good: tar({name: good[name] for name in (MANIFEST, SIGNED, BOOT)}),
        "holds nothing where root.img.zst belongs",
    ),
    "one file more": (lambda good: tar({**good, "more": b""}), "holds more, which belongs in none"),
    "one byte more": (lambda good: tar(good) + b"!", "goes on after its end"),
    "a signature of another length": (
        lambda good: tar({**good, SIGNED: good[SIGNED] + b"\n"}),
        "65 bytes where 64 are the most",
    ),
    "a large manifest": (
        lambda good: tar({**good, **signed(good[MANIFEST] + b" " * 20_000)}),
        "where 16384 are the most",
    ),
    "another signer": (
        lambda good: tar({**good, **signed(good[MANIFEST], STRANGER)}),
        "not signed by a key this sentinel trusts",
    ),
    "a changed manifest": (
        lambda good: tar({**good, MANIFEST: good[MANIFEST].replace(b"0.2.0", b"0.3.0")}),
        "not signed by a key this sentinel trusts",
    ),
    "another boot": (lambda good: tar({**good, BOOT: good[ROOT][:900]}), "boot.tar.zst"),
    "an absurdly packed part": (
        lambda good: tar({**good, BOOT: bytes(9_000_000)}),
        "holds a boot.tar.zst of 9000000 bytes",
    ),
    "a damaged root": (lambda good: tar({**good, ROOT: good[ROOT][:-9] + bytes(9)}), "root.img.zst is damaged"),
}


@pytest.mark.parametrize(("spoil", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_update_is_refused_in_one_sentence(tmp_path, spoil, words):
    """Truncated, in another order, with something more, too large, not a tar."""
    raw = spoil(Making(tmp_path, root=os.urandom(CHUNK)).members())

    with pytest.raises(NotReadable, match=words) as refused:
        read(raw)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda root: root[:-1], "does not hold what was signed"), (lambda root: root + b"!", "holds more than the")],
    ids=["one byte less", "one byte more"],
)
def test_a_part_of_another_length_is_refused(tmp_path, change, words):
    """Well packed, and signed as it was before."""
    making = Making(tmp_path / "good")
    good = making.members()
    making.root = change(making.root)
    other = making.members()

    with pytest.raises(NotReadable, match=words):
        read(tar({**other, MANIFEST: good[MANIFEST], SIGNED: good[SIGNED]}))


def test_a_bomb_is_stopped_at_the_signed_size(tmp_path):
    """A gigabyte in thirty kilobytes: no more than was signed, and one piece, is ever unpacked."""
    making = Making(tmp_path)
    good = making.members()
    with (tmp_path / "bomb").open("wb") as file:
        file.truncate(1 << 30)
    subprocess.run(["zstd", "-q", "-o", tmp_path / "bomb.zst", tmp_path / "bomb"], check=True)
    found = Bundle(BytesIO(tar({**good, ROOT: (tmp_path / "bomb.zst").read_bytes()})).read, KEYS)
    list(found.boot())
    seen: list[int] = []

    with pytest.raises(NotReadable, match="holds more than the 1400000 bytes that were signed"):
        seen.extend(len(piece) for piece in found.root())
    assert sum(seen) <= len(making.root)


LATEST = {
    "nothing": lambda told: b"",
    "a list": lambda told: b"[]",
    "no JSON": lambda told: b"{",
    "too deep": lambda told: b"[" * 60_000,
    "no manifest": lambda told: json.dumps({**told, "manifest": None}).encode(),
    "no base64": lambda told: json.dumps({**told, "signature": "é"}).encode(),
    "a way up": lambda told: json.dumps({**told, "file": "../x.update"}).encode(),
    "another host": lambda told: json.dumps({**told, "file": "//host/x.update"}).encode(),
    "another signer": lambda told: json.dumps(
        {**told, "signature": base64.b64encode(bytes(64)).decode()}
    ).encode(),
}


@pytest.mark.parametrize("spoil", LATEST.values(), ids=LATEST.keys())
def test_a_latest_json_that_nobody_signed_or_that_leads_elsewhere_is_refused(tmp_path, spoil):
    """Whoever serves it can say nothing of his own."""
    Making(tmp_path).update()
    told = json.loads((tmp_path / "latest.json").read_text())

    with pytest.raises(NotReadable) as refused:
        announced(spoil(told), KEYS)
    assert re.fullmatch(r"[^\n]{10,120}", str(refused.value))


def test_what_is_read_of_the_file_is_a_plain_tar(tmp_path):
    """Anybody can look into an update with what every machine has."""
    made = Making(tmp_path).update()
    listed = subprocess.run(["tar", "-tvf", made], capture_output=True, text=True, check=True).stdout.splitlines()

    assert [line.split()[-1] for line in listed] == [MANIFEST, SIGNED, BOOT, ROOT]
