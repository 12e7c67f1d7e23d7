"""`sentinel section`: some sections of the configuration as TOML.

`listen` reads what strangers send, so it is not given the file that holds the passwords of the notices: its unit
writes `[capture]` alone into a file of its own before it starts.
"""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from sentinel import written
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
        for line in written.section(name, document.get(name, {})):
            tell(line)
    return 0
