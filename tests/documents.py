"""Every command the documents tell somebody to type: found in blocks of shell, and in the middle of a sentence."""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "README.fr.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/*.md",
    "docs/fr/*.md",
    "ansible/**/README*.md",
    "image-build/README*.md",
    "tests/pcaps/README.md",
)
SHELL = ("", "sh", "shell", "bash", "console")
"""How a fence of commands is labelled; an indented block has no label."""
DRAWN = re.compile(r"[─│▶◀└┌├▼▲]|^\s*[|+]|->")
"""In a drawing or a diagram, never in a command of ours."""
OTHERWISE = re.compile(r"-|\[|[\w.]+ = |\w+: ")
"""How several words in a sentence begin that are no command: options, and settings of TOML or YAML."""
NO_COMMANDS = (
    "inet sentinel",
    "inet echo",
    "GET / HTTP/1.0",
    "add ADDRESS",
    "remove ADDRESS",
    "verify --store",
    "judgement: close an incident after a quiet day",
)
"""Names of several words, and ends of commands whose beginning has just been said."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type, in one line, and the document that says so."""

    text: str
    document: str


def commands() -> list[Command]:
    """All of them, in the order of the documents, once for each time they are said."""
    return [
        Command(text, path.relative_to(ROOT).as_posix())
        for pattern in DOCUMENTS
        for path in sorted(ROOT.glob(pattern))
        for text in found(path.read_text(encoding="utf-8"))
    ]


def found(document: str) -> Iterator[str]:
    """The commands of one document."""
    yield from in_blocks(document)
    _, prose = apart(document)
    for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose):
        text = " ".join(code.split())
        if is_command(text):
            yield text


def is_command(text: str) -> bool:
    """Whether code in a sentence is something to type: any of several words, unless it is known to be no command.

    So whatever program is new in a document is found, and nobody has to think of its name beforehand.
    """
    return text == "./dev" or (" " in text and text not in NO_COMMANDS and not OTHERWISE.match(text))


def in_blocks(document: str) -> Iterator[str]:
    """Those that stand on lines of their own, as they are typed."""
    for label, lines in apart(document)[0]:
        if label in SHELL and not any(map(DRAWN.search, lines)):
            yield from typed(lines)


def apart(document: str) -> tuple[list[tuple[str, list[str]]], str]:
    """Its blocks of code with their labels, and all the rest as text."""
    blocks: list[tuple[str, list[str]]] = []
    prose: list[str] = []
    fence: str | None = None
    before = ""
    for line in document.splitlines():
        mark = re.match(r"\s*```(\w*)", line)
        if mark:
            fence = None if fence is not None else mark[1]
            if fence is not None:
                blocks.append((fence, []))
        elif fence is not None:
            blocks[-1][1].append(line)
        elif line.startswith("    ") and (not before.strip() or before.startswith("    ")):
            if not before.startswith("    "):
                blocks.append(("", []))
            blocks[-1][1].append(line.removeprefix("    "))
        else:
            prose.append(line)
        before = line
    return blocks, "\n".join(prose)


def typed(lines: Iterable[str]) -> Iterator[str]:
    """The commands of a block, each with its continued lines, quotes and here-document; without its comment."""
    waiting: list[str] = []
    end = ""
    for line in lines:
        waiting.append(line if waiting else line.removeprefix("$ "))
        if end and line != end:
            continue
        if not end and (here := re.search(r"<<'?(\w+)'?", line)):
            end = here[1]
            continue
        text, end = "\n".join(waiting), ""
        if _is_open(text):
            continue
        waiting = []
        if command := re.sub(r"(^|\s+)#\s.*$", "", text).strip():
            yield command


def _is_open(text: str) -> bool:
    """Whether a shell would wait for more."""
    if text.endswith("\\"):
        return True
    try:
        shlex.split(re.sub(r"<<'?\w+'?.*", "", text, flags=re.DOTALL), comments=True)
    except ValueError:
        return True
    return False


def chapter(document: str, title: str) -> str:
    """The part of a document under that heading, up to the next of its rank."""
    _, _, rest = document.partition(f"\n## {title}\n")
    if not rest:
        raise LookupError(title)
    return rest.partition("\n## ")[0]
