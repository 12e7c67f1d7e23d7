#!/usr/bin/env python3
"""The papers of a release: SBOM, licences, the list that Raspberry Pi Imager reads.

`papers.py DIST VERSION URL`
From `var/image/root.tar`, which is what lies on the card, and the compressed image in DIST. The same parts give
the same bytes; SOURCE_DATE_EPOCH is the time of everything. Formats: CycloneDX 1.6; os_list of Imager 2.
"""

import gzip
import hashlib
import io
import json
import os
import re
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

TOP = Path(__file__).resolve().parent.parent
BUILT = TOP / "var/image"
LAMP = TOP / "web/static/icons/unsure.svg"
"""What a card shows that has just been flashed; Imager takes no system without a picture."""
ICON = "sentinel.svg"
MADE = int(os.environ["SOURCE_DATE_EPOCH"])
LICENCE = re.compile(r"/doc/[^/]+/copyright$|\.dist-info/(licenses/|LICEN[CS]E|COPYING|NOTICE)")
BOARDS = ("pi3-64bit", "pi4-64bit", "pi5-64bit")
"""Imager's own names for who may be offered it."""


def members(root: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    """The files of the root, by absolute path."""
    for member in root:
        if member.isfile():
            yield member.name.removeprefix("."), member


def content(root: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """What a file holds."""
    file = root.extractfile(member)
    return file.read() if file else b""


def packages(status: bytes) -> Iterator[dict[str, Any]]:
    """What dpkg installed."""
    for paragraph in status.split(b"\n\n"):
        said = BytesParser().parsebytes(paragraph)
        if str(said["Status"]).endswith(" installed"):
            name, version, arch = said["Package"], said["Version"], said["Architecture"]
            purl = f"pkg:deb/debian/{name}@{quote(version)}?arch={arch}&distro=debian-13"
            yield {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}


def wheel(metadata: bytes) -> dict[str, Any]:
    """What pip unpacked."""
    said = BytesParser().parsebytes(metadata)
    name, version = said["Name"], said["Version"]
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    found = {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}
    if expression := said["License-Expression"]:
        found["licenses"] = [{"expression": expression}]
    return found


def bill(components: list[dict[str, Any]], version: str) -> dict[str, Any]:
    """The SBOM."""
    name = "cabinet-sentinel"
    ours = {"type": "operating-system", "name": name, "version": version, "bom-ref": name}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": f"{datetime.fromtimestamp(MADE, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "component": {**ours, "licenses": [{"expression": "GPL-2.0-or-later"}]},
        },
        "components": sorted(components, key=lambda each: each["bom-ref"]),
        "dependencies": [{"ref": name, "dependsOn": sorted(each["bom-ref"] for each in components)}],
    }


def archive(texts: dict[str, bytes], to: Path) -> None:
    """The licences, as they lie on the card."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in sorted(texts.items()):
            info = tarfile.TarInfo(f"licences{name}")
            info.size, info.mtime = len(text), MADE
            tar.addfile(info, io.BytesIO(text))
    to.write_bytes(gzip.compress(packed.getvalue(), mtime=MADE))


def sha256(path: Path) -> str:
    """Of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def offered(image: Path, packed: Path, version: str, url: str) -> dict[str, Any]:
    """What Imager shows, with the checks it makes; rpi-preseed is how it hands its settings over."""
    system = {
        "name": f"Cabinet Sentinel {version}",
        "description": "Tells a small medical practice, the same day, when its imaging is open to the internet",
        "icon": f"{url}/{ICON}",
        "url": f"{url}/{packed.name}",
        "extract_size": image.stat().st_size,
        "extract_sha256": sha256(image),
        "image_download_size": packed.stat().st_size,
        "image_download_sha256": sha256(packed),
        "release_date": f"{datetime.fromtimestamp(MADE, UTC):%Y-%m-%d}",
        "devices": list(BOARDS),
        "init_format": "rpi-preseed",
        "architecture": "armv8",
        "bmap_url": f"{url}/{image.name}.bmap",
    }
    return {"os_list": [system]}


def main() -> None:
    """Write all of them into DIST."""
    dist, version, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3].rstrip("/")
    components: list[dict[str, Any]] = []
    licences: dict[str, bytes] = {}
    with tarfile.open(BUILT / "root.tar") as root:
        for name, member in members(root):
            if name == "/var/lib/dpkg/status":
                components += packages(content(root, member))
            elif name.endswith(".dist-info/METADATA"):
                components.append(wheel(content(root, member)))
            elif LICENCE.search(name):
                licences[name] = content(root, member)
    (dist / f"sentinel-{version}.cdx.json").write_text(json.dumps(bill(components, version), indent=1) + "\n")
    archive(licences, dist / f"sentinel-{version}-licences.tar.gz")
    image = dist / f"sentinel-{version}.img"
    listed = offered(image, image.with_name(f"{image.name}.xz"), version, url)
    (dist / "os_list.json").write_text(json.dumps(listed, indent=1) + "\n")
    (dist / ICON).write_bytes(LAMP.read_bytes())


if __name__ == "__main__":
    main()
