"""`sentinel section`: some sections of the configuration as TOML.

`listen` reads what strangers send, so it is not given the file that holds the passwords of the notices: its unit
writes `[capture]` alone into a file of its own before it starts.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from sentinel.toml import load


def section(file: Path, names: Sequence[str], tell: Callable[[str], None]) -> int:
    """Tell the sections of `file` that it has; a missing file has none.

    Returns:
        0.

    Raises:
        ConfigurationError: with every mistake of the whole file.
    """
    load(file)
    document = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for name in names:
        for line in _lines(name, document.get(name, {})):
            tell(line)
    return 0


def _lines(name: str, table: dict[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    for key, value in table.items():
        yield f"{key} = {_written(value)}"


def _written(value: Any) -> str:
    """JSON's strings, numbers and lists are TOML's; times are written bare."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_written(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)
