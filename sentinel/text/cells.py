"""Cells of a table of connections, for a spreadsheet."""

import re

from sentinel.text.catalogue import has, say

FORMULA = re.compile(r"\s*[=+\-@|%＝＋－＠]|[\t\r\n]")
"""How a cell begins that a spreadsheet would run."""

WORDS = {
    "standing": "standing",
    "state": "connection",
    "association": "association",
    "services": "dicom_service",
    **dict.fromkeys(("request", "label"), "spoken"),
}
"""Columns that hold words of ours, and where the catalogues have them for the reader."""


def plain(language: str, column: str, value: object) -> str:
    """What a cell of that column says to its reader; several words are a list."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(plain(language, column, each) for each in value)
    if column == "rejection":
        return f"({value})"  # three numbers with slashes are a date to a spreadsheet
    key = f"{WORDS.get(column)}.{value}"
    return say(language, key) if has(language, key) else str(value)


def defused(cell: str) -> str:
    """A cell no spreadsheet takes for a formula: AE titles are a stranger's words."""
    return f"'{cell}" if FORMULA.match(cell) else cell
