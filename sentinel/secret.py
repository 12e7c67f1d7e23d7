"""Small files that nobody else may read: keys, enrolments, the claim code."""

import os
from pathlib import Path


def write_secret(path: Path, content: bytes) -> None:
    """Whole or not at all, also through a power cut, and never readable by others.

    Raises:
        OSError: the folder cannot be written; what stood there before still does.
    """
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
