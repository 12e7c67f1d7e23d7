"""Synthetic images for the laboratory: nobody's, under a name nobody can mistake."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DigitalIntraOralXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

PATIENT = "ZZTEST^UNMISTAKABLE^NEVERSTORE"
PATIENT_ID = "ZZTEST-NEVERSTORE-0000"
MARK_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One synthetic image on disk."""

    path: Path
    sop_instance_uid: UID
    study_instance_uid: UID
    marks: tuple[bytes, ...]
    """Stretches of its pixels, from beginning, middle and end: whoever holds one has kept of the image."""


def secrets(images: list[Image]) -> tuple[bytes, ...]:
    """Everything of these images that must be found in no file, log or packet of the sentinel."""
    names = (PATIENT, PATIENT.partition("^")[0] + "^", "UNMISTAKABLE", "NEVERSTORE", PATIENT_ID)
    return (*(name.encode() for name in names), *(mark for image in images for mark in image.marks))


def study(folder: Path, *, count: int = 1, side: int = 64, seed: int = 1) -> list[Image]:
    """So many images of `side` x `side` grey points of 16 bits, in one study; the same for the same seed."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    return [_image(folder, number, side, seed, dice.randbytes(side * side * 2)) for number in range(count)]


def _image(folder: Path, number: int, side: int, seed: int, pixels: bytes) -> Image:
    uid = _uid("image", seed, side, number)
    path = folder / f"{seed:04d}-{number:04d}.dcm"
    _dataset(uid, number, side, seed, pixels).save_as(path, enforce_file_format=True)
    starts = (0, len(pixels) // 2, len(pixels) - MARK_BYTES)
    marks = tuple(pixels[start : start + MARK_BYTES] for start in starts)
    return Image(path=path, sop_instance_uid=uid, study_instance_uid=_uid("study", seed), marks=marks)


def _uid(*words: str | int) -> UID:
    """The same for the same words."""
    return generate_uid(entropy_srcs=["cabinet sentinel lab", *map(str, words)])


def _dataset(uid: UID, number: int, side: int, seed: int, pixels: bytes) -> Dataset:
    image = _identity(uid, number, seed)
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows = image.Columns = side
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 0
    image.PixelData = pixels
    image["PixelData"].VR = "OW"
    return image


def _identity(uid: UID, number: int, seed: int) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = DigitalIntraOralXRayImageStorageForPresentation
    image.SOPInstanceUID = uid
    image.StudyInstanceUID = _uid("study", seed)
    image.SeriesInstanceUID = _uid("series", seed)
    image.Modality, image.InstanceNumber = "IO", number + 1
    image.PatientName, image.PatientID = PATIENT, PATIENT_ID
    image.PatientBirthDate, image.PatientSex = "19000101", "O"
    image.StudyDate = datetime(2020, 12, 7, tzinfo=UTC).strftime("%Y%m%d")
    image.StudyTime, image.StudyID, image.AccessionNumber = "120000", "1", "1"
    return image
