"""Every command that a document tells somebody to type is run: in a fresh Debian, or by the test named here."""

import ast
import re

import pytest

from tests.documents import ROOT, chapter, commands, found, in_blocks
from tests.fresh.typed import BY_HAND, OPERATOR, README

STORY = "tests/story/test_second_leg.py::"
VERIFY = "tests/programs/test_verify.py::"
DEV = "tests/test_dev.py::"
UPDATE = "tests/programs/test_update.py::"
WALL = "tests/programs/test_wallcard.py"
LAB = "tests/lab/test_main.py::"

SHOWN = {
    "./dev test": (DEV + "test_the_lab_runs_beside_the_rest", "and by the run this test is part of"),
    "./dev check": (".ci/run", "its two halves, one after the other"),
    "./dev lint": (".ci/run", "in every run of it"),
    "./dev test tests/decode -k dicom": (
        DEV + "test_where_not_one_test_is_found_it_says_so_as_pytest_does",
        "what follows goes to pytest as it is",
    ),
    "./dev bench": (
        "tests/bench/test_main.py::test_a_section_is_measured_and_told",
        "all of it takes an hour and a half",
    ),
    "./dev bench memory": ("tests/bench/test_main.py::test_a_section_is_measured_and_told", "word for word"),
    "./dev bench wear --minutes 5": (
        "tests/bench/test_wear.py::test_a_short_day_is_measured_to_its_end",
        "shorter",
    ),
    "./dev screens": ("tests/web/test_screens.py::test_every_picture_of_the_documents_is_drawn", "elsewhere"),
    "sudo ./dev lab": (
        LAB + "test_a_door_is_opened_a_stranger_comes_the_page_turns_red_and_nothing_is_left",
        "as root",
    ),
    "./dev lab forward 11112 4242": (
        LAB + "test_a_door_is_opened_a_stranger_comes_the_page_turns_red_and_nothing_is_left",
        "word for word",
    ),
    "./dev lab stranger-echo": (
        LAB + "test_a_door_is_opened_a_stranger_comes_the_page_turns_red_and_nothing_is_left",
        "word for word",
    ),
    "./dev lab unforward": (
        LAB + "test_a_door_is_opened_a_stranger_comes_the_page_turns_red_and_nothing_is_left",
        "word for word",
    ),
    "./dev lab knock": (
        STORY + "test_a_knock_at_an_open_door_names_the_machine_though_the_box_renumbers",
        "on the Pi",
    ),
    "sentinel run": (STORY + "test_a_closed_practice_with_a_proved_mirror_is_calm", "every story begins with it"),
    "sentinel knock": (
        STORY + "test_a_knock_at_an_open_door_names_the_machine_though_the_box_renumbers",
        "on the Pi",
    ),
    "sentinel box": (
        "tests/programs/test_box.py::test_every_mapping_is_shown_with_its_machine_and_who_asked_for_it",
        "",
    ),
    "sentinel password": (
        "tests/programs/test_password.py::test_the_code_is_made_used_once_and_gone",
        "at a console",
    ),
    "sentinel enrol INVITATION": (
        STORY + "test_a_sentinel_enrolled_by_hand_checks_within_seconds",
        "with a real one",
    ),
    "sentinel enrol 'sentinel-echo://…'": (
        STORY + "test_a_sentinel_enrolled_by_hand_checks_within_seconds",
        "with a real one",
    ),
    "./dev sentinel card cabinets/tilleuls.toml /media/$USER/FIRMWARE": (
        "tests/programs/test_card.py::test_a_good_file_is_laid_as_it_is",
        "a folder stands for the card",
    ),
    "sentinel echo serve --dir DIR --name HOST --listen ADDRESS:8443": (
        "tests/echo/test_main.py::test_an_echo_is_served_invites_and_lists",
        "with its blanks filled in",
    ),
    'sentinel echo invite --dir DIR --alias "Cabinet des Tilleuls"': (
        "tests/echo/test_main.py::test_an_echo_is_served_invites_and_lists",
        "with its blanks filled in",
    ),
    'sentinel echo invite --dir DIR --alias "Cabinet des Tilleuls" --expires 30d': (
        "tests/echo/test_operator.py::test_a_duration_is_read",
        "and by the chapter of docs/echo.md that is typed in a fresh Debian",
    ),
    "sentinel verify dossier-incident-12.zip": (
        VERIFY + "test_a_dossier_is_verified_on_a_machine_that_has_nothing",
        "another name",
    ),
    "sentinel verify FILE": (VERIFY + "test_a_dossier_is_verified_on_a_machine_that_has_nothing", ""),
    "./dev sentinel verify FILE": (
        VERIFY + "test_a_dossier_is_verified_on_a_machine_that_has_nothing",
        "by ./dev",
    ),
    "sentinel verify --store": (VERIFY + "test_a_store_that_nobody_touched_is_whole", ""),
    "sentinel verify --store --anchors ancres.jsonl": (
        VERIFY + "test_an_old_folder_put_back_is_seen_by_signatures_kept_elsewhere",
        "",
    ),
    "sentinel backup FILE --passphrase": (
        "tests/programs/test_backup.py::test_the_command_takes_its_passphrase_from_the_environment",
        "a person is asked for it",
    ),
    "sentinel backup FILE [--passphrase]": (
        "tests/programs/test_backup.py::test_everything_comes_back_on_another_machine_and_verifies",
        "with and without",
    ),
    "sentinel restore FILE [--passphrase]": (
        "tests/programs/test_backup.py::test_everything_comes_back_on_another_machine_and_verifies",
        "with and without",
    ),
    "sentinel close FOLDER": (
        "tests/programs/test_closing.py::test_register_journal_heads_and_papers_leave_and_the_rest_is_wiped",
        "",
    ),
    "openssl pkeyutl -verify -rawin": ("tests/evidence/test_pack.py", "over a dossier's very bytes"),
    "openssl genpkey -algorithm ed25519": (
        "tests/image/test_contents.py",
        "by image-build/build.sh, for its own pair",
    ),
    "sentinel check": ("tests/test_main.py::test_check_tries_everything_and_says_what_is_missing", ""),
    "sudo sentinel check": ("tests/test_main.py::test_check_tries_everything_and_says_what_is_missing", "as root"),
    "sentinel paper wall-card /tmp": (WALL, "another folder"),
    "./dev image": ("tests/image/conftest.py", "the tests of the image begin with it"),
    "sudo ./dev image": ("tests/image/conftest.py", "the tests of the image begin with it"),
    "sudo ./dev image-test": (
        DEV + "test_the_image_waits_for_the_lab_and_for_its_base",
        "the section of that name",
    ),
    "./dev release": (
        "tests/image/test_contents.py",
        "an hour and more, so by hand: the same tests with longer counts, then image-build/release.sh",
    ),
    "cp ansible/hosts.example.yml ansible/hosts.yml": (
        "tests/ansible/test_playbooks.py::test_the_example_names_what_the_roles_know",
        "where it lies",
    ),
    "cd ansible && ../.venv/bin/ansible-playbook sentinel.yml": (
        "tests/ansible/test_sentinel.py::test_a_second_run_changes_nothing",
        "with an inventory of its own",
    ),
    "cd ansible && ../.venv/bin/ansible-playbook echo.yml": (
        "tests/ansible/test_echo.py::test_a_second_run_changes_nothing",
        "with an inventory of its own",
    ),
    "sudo sentinel status": (
        "tests/ansible/test_sentinel.py::test_status_and_check_speak_at_the_console",
        "as root",
    ),
    "sudo sentinel close FOLDER": (
        "tests/programs/test_closing.py::test_register_journal_heads_and_papers_leave_and_the_rest_is_wiped",
        "as the wrapper of an installed machine calls it",
    ),
    "journalctl -u 'sentinel-*'": (
        "tests/ansible/test_sentinel.py::test_the_journal_is_small_and_in_memory",
        "the journal it reads",
    ),
    "systemctl start sentinel-echo-backup": (
        "tests/ansible/test_echo.py::test_its_keys_are_copied_for_root_alone_and_brought_home",
        "word for word",
    ),
    "./dev wheels 3.13 aarch64": ("tests/ansible/conftest.py::wheels", "for this machine's own processor"),
    "./dev wheels 3.13 x86_64": ("tests/fresh/test_documents.py::fresh", "word for word"),
    "./dev wheels": ("tests/fresh/test_documents.py::fresh", "for another Python"),
    "sentinel update": (UPDATE + "test_somebody_else_than_root_is_told_so", ""),
    "sentinel update sentinel-0.2.0.update": (
        UPDATE + "test_a_file_signed_by_either_key_is_tried_at_the_next_start",
        "",
    ),
    "sentinel update --check": (UPDATE + "test_whoever_asks_hears_whether_there_is_a_newer_version", ""),
    "python -m sentinel.card.bundle sentinel-0.2.0.update --version 0.2.0 --root root.img --boot a "
    '--key current.key --made "$(date +%s)"': (
        "tests/card/test_bundle.py::test_the_makers_command_makes_it",
        "with small parts",
    ),
    "tar -tvf sentinel-0.2.0.update": (
        "tests/card/test_bundle.py::test_what_is_read_of_the_file_is_a_plain_tar",
        "read by Python's own tarfile",
    ),
    "systemctl reboot": ("tests/image/test_power_cuts.py", "a guest of QEMU is restarted harder than that"),
    "journalctl -u 'sentinel-trial*' -u sentinel-update": (
        "tests/programs/test_trial.py::test_a_healthy_version_stays",
        "what these two say, without the journal",
    ),
    "cp cabinets/tilleuls.toml /Volumes/FIRMWARE/sentinel.toml && diskutil eject /Volumes/FIRMWARE": (
        "tests/programs/test_card.py::test_a_good_file_is_laid_as_it_is",
        "no Mac is here: the same file lands in the same place",
    ),
    ".venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate …": (
        "tests/test_repository.py::test_requirements_hold_pins_and_hashes_and_nothing_else",
        "it asks the registry, whose answer is another tomorrow; what it wrote is looked at",
    ),
    "printf 'sentinel-ledger-v1\\n%s\\n%s\\n%s\\n%s\\n%s' NUMBER AT KIND BEFORE "
    """"$(printf %s "$BODY" | sha256sum | cut -d' ' -f1)" | sha256sum""": (
        "tests/model/test_ledger.py",
        "by sha256sum",
    ),
    "python -m tests.pcaps.make": (
        "tests/programs/test_replay.py::test_the_golden_files_are_what_their_script_writes",
        "",
    ),
}
"""Each command that is not typed in a fresh Debian, the test that runs it, and what differs there."""


def typed() -> set[str]:
    """What tests/fresh types."""
    whole = (ROOT / "docs/echo.md").read_text(encoding="utf-8")
    return {line.said for line in (*README, *OPERATOR)} | set(in_blocks(chapter(whole, BY_HAND)))


def test_every_command_of_every_document_is_run_by_a_test():
    """What is new in a document is named here, with the document it stands in."""
    unknown = {f"{each.document}: {each.text}" for each in commands() if each.text not in SHOWN.keys() | typed()}

    assert sorted(unknown) == []


def test_nothing_is_listed_that_no_document_says():
    """Or the tables would fill with what nobody types."""
    said = {each.text for each in commands()}

    assert sorted(SHOWN.keys() - said) == []
    assert sorted(typed() - said) == []


@pytest.mark.parametrize("test", sorted({test for test, _ in SHOWN.values()}))
def test_the_test_that_is_named_is_there(test):
    """By its file and its name."""
    file, _, function = test.partition("::")
    source = (ROOT / file).read_text(encoding="utf-8")

    if function:
        assert function in {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


DOCUMENT = """
Say `./dev lint` or `sentinel/model/`, never `sentinel`.

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
    """Without comments, with here-documents and open quotes, and not in a drawing or a setting."""
    assert list(found(DOCUMENT)) == [
        "./dev run",
        "cat >file <<'END'\n# kept\nEND",
        "echo 'two\nlines' \\\n  >file",
        "./dev lint",
    ]


def test_a_chapter_ends_where_the_next_begins():
    """A heading of lower rank does not end it."""
    assert chapter("# t\n\n## a\none\n### b\ntwo\n\n## c\nthree", "a") == "one\n### b\ntwo\n"
    assert not re.search("three", chapter("\n## a\none\n## c\nthree", "a"))
