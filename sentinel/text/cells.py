"""Cells of a table for a spreadsheet."""

import re

FORMULA = re.compile(r"\s*[=+\-@|%＝＋－＠]|[\t\r\n]")
"""How a cell begins that a spreadsheet would run."""


def defused(cell: str) -> str:
    """A cell no spreadsheet takes for a formula: AE titles are a stranger's words."""
    return f"'{cell}" if FORMULA.match(cell) else cell
