"""Every command that a document tells somebody to type is in a table that says who types it: tests/typed.py."""

import ast
import re
import shlex
import subprocess
from fnmatch import fnmatch

import click
import pytest

from sentinel.__main__ import main
from sentinel.judgement.verdict import READ_LASTS
from tests.bench.wear import called
from tests.documents import NO_COMMANDS, ROOT, apart, chapter, commands, found
from tests.image.boards import BOARDS, MODELS
from tests.image.firmware import settings
from tests.typed import BEHIND, BY_HAND, RUN, TESTED, fresh

TABLES = (RUN.keys(), BEHIND.keys(), BY_HAND.keys(), fresh())


def test_every_command_of_every_document_is_accounted_for():
    """What is new in a document is named in one table: a test runs it, or what lies behind it, or a person."""
    unknown = {
        f"{each.document}: {each.text}" for each in commands() if not any(each.text in table for table in TABLES)
    }

    assert sorted(unknown) == []


def test_none_is_in_two_tables():
    """Or one of them would say more than is true."""
    named = [each for table in TABLES for each in table]

    assert sorted({each for each in named if named.count(each) > 1}) == []


def test_nothing_is_listed_that_no_document_says():
    """Or the tables would fill with what nobody types."""
    said = {each.text for each in commands()}
    prose = " ".join(
        apart((ROOT / each).read_text(encoding="utf-8"))[1] for each in {c.document for c in commands()}
    )

    assert sorted({each for table in TABLES for each in table} - said) == []
    assert [each for each in NO_COMMANDS if f"`{each}`" not in " ".join(prose.split())] == []


@pytest.mark.parametrize("test", sorted({test for test, _ in TESTED.values()}))
def test_the_test_that_is_named_is_there(test):
    """By its file and its name."""
    file, _, function = test.partition("::")
    source = (ROOT / file).read_text(encoding="utf-8")

    if function:
        assert function in {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def test_what_a_person_does_has_its_reason():
    """In a few words at least."""
    assert [each for each, why in BY_HAND.items() if len(why.split()) < 4] == []


OURS = sorted({each.text for each in commands() if re.match(r"(?:sudo |\./dev )*sentinel [a-z]", each.text)})


@pytest.mark.parametrize("command", OURS)
def test_each_command_of_ours_is_one_that_is_understood(command):
    """Its options are there and its arguments suffice, whoever types it; it is read, and not carried out."""
    words = shlex.split(re.sub(r"\[|\]", "", command).replace("ADDRESS", "192.0.2.7"))
    words = words[words.index("sentinel") + 1 :]

    group: click.Command = main
    while isinstance(group, click.Group):
        name = words.pop(0)
        inner = group.get_command(click.Context(group), name)
        assert inner is not None, name
        group = inner
    group.make_context(name, words)


DOCUMENT = """
Say `./dev lint` or `sentinel/model/`, never `sentinel`; set `view = "limited"`, `-e sentinel_state=absent`.
Then `../.venv/bin/ansible-playbook sentinel.yml`, `ssh root@sentinel.local sentinel
update`, `rpi-imager --repo URL`, `scp a b`, `git pull`, `Copy-Item a E:\\b` or `newcomer --now`.

    ./dev run   # the whole
    cat >file <<'END'
    # kept
    END

```
$ echo 'two
lines' \\
  >file
```

```toml
sentinel = 1
```

    frame -> packet
"""


def test_commands_are_found_in_sentences_and_blocks():
    """Whatever the program; without comments, with here-documents and open quotes, and no drawing or setting."""
    assert list(found(DOCUMENT)) == [
        "./dev run",
        "cat >file <<'END'\n# kept\nEND",
        "echo 'two\nlines' \\\n  >file",
        "./dev lint",
        "../.venv/bin/ansible-playbook sentinel.yml",
        "ssh root@sentinel.local sentinel update",
        "rpi-imager --repo URL",
        "scp a b",
        "git pull",
        r"Copy-Item a E:\b",
        "newcomer --now",
    ]


def test_a_chapter_ends_where_the_next_begins():
    """A heading of lower rank does not end it."""
    assert chapter("# t\n\n## a\none\n### b\ntwo\n\n## c\nthree", "a") == "one\n### b\ntwo\n"
    assert not re.search("three", chapter("\n## a\none\n## c\nthree", "a"))


def test_a_day_reckoned_from_minutes_is_told_as_such():
    """From how much of it, and whether a check was among that: a check is written too."""
    row = re.compile(r"^\| (written to the card in a day.*?) \|", re.MULTILINE)
    [measured] = row.findall((ROOT / "docs/benchmarks.md").read_text())
    [told] = row.findall((ROOT / "README.md").read_text())
    minutes = float(re.findall(r"from ([\d.]+) minutes", measured)[0])
    checked = measured == called(minutes, checked=True)

    assert measured == called(minutes, checked=checked)
    assert told == measured.replace(" from ", " reckoned from ")
    for document in ("README.md", "docs/benchmarks.md"):
        assert (NO_CHECK in " ".join((ROOT / document).read_text().split())) is not checked, document


NO_CHECK = "No check was among it, and one an hour adds to it."
"""Said of the figure as long as it is so."""


def test_what_three_seconds_of_the_button_do_is_said_plainly():
    """Whoever can reach it silences every red for a day, without a login: that decides where it hangs."""
    text = " ".join((ROOT / "docs/hardware.md").read_text().split())
    hours = READ_LASTS.total_seconds() / 3600

    assert f"**Three seconds by anybody mark every red as read for {hours:g} hours**" in text
    assert "gives nobody anything" not in text


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of the first table under that heading, without its own head."""
    whole = re.split(rf"^#+ {heading}$", (ROOT / document).read_text(), flags=re.MULTILINE)[1]
    table = re.search(r"^\|.*?\n\n", whole, re.MULTILINE | re.DOTALL)
    assert table
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:-1]]


def test_the_documents_name_the_boards_that_the_card_is_built_for():
    """One list: trees on the card, who booted which, what each is good for, and the sections of config.txt."""
    told = {
        board: tuple(re.findall(r"`(.+?)`", trees))
        for board, trees, _ in rows("image-build/README.md", "Which boards")
    }
    use = [board for each in rows("docs/hardware.md", "Boards") for board in each[0].split(", ")]
    sections = set(re.findall(r"^\[(.+)\]$", (ROOT / "image-build/boot/config.txt").read_text(), re.MULTILINE))

    assert told == BOARDS
    assert sorted(use) == sorted(BOARDS)
    assert sections - {"all"} == MODELS.keys()
    assert set().union(*MODELS.values()) <= BOARDS.keys()


def test_a_pi_5_is_told_its_device_tree_as_the_document_says(tmp_path):
    """For a 5 alone; the first line, which chooses the system, stays what it is."""
    [order] = re.findall(r"^    (printf '\[pi5\].*)$", (ROOT / "docs/hardware.md").read_text(), re.MULTILINE)
    config = tmp_path / "config.txt"
    before = (ROOT / "image-build/boot/config.txt").read_text()
    config.write_text(before)
    subprocess.run(order, shell=True, cwd=tmp_path, check=True)
    after = config.read_text()

    assert settings(after, "pi5") == settings(before, "pi5") | {"device_tree": f"{BOARDS['5'][1]}.dtb"}
    assert settings(after, "pi4") == settings(before, "pi4")
    assert after.splitlines()[0] == "os_prefix=a/"


def test_what_lies_once_on_the_card_is_told_to_be_never_renewed():
    """An update brings the files of one folder; the firmware's own lie beside both."""
    build = (ROOT / "image-build/build.sh").read_text()
    [copied] = re.findall(r'raspi-firmware" && cp ((?:[^"]|\n)+) "\$boot"\)', build)
    told = re.findall(r"`(.+?)`", " ".join(each[0] for each in rows("docs/update.md", "What no update renews")))
    once = [*copied.replace("\\\n", " ").split(), "config.txt"]

    assert len(once) > 5
    assert [name for name in once if not any(fnmatch(name, pattern) for pattern in told)] == []
