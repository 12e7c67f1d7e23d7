"""What is typed where: each command of the documents that tests/fresh does not type, in one of three tables.

A table says no more than it can. That a test runs a command means that the test starts it by its command line.
"""

from tests.documents import ROOT, chapter, in_blocks
from tests.fresh.typed import BY_HAND as ECHO_BY_HAND
from tests.fresh.typed import OPERATOR, README

STORY = "tests/story/test_second_leg.py::"
VERIFY = "tests/programs/test_verify.py::"
DEV = "tests/test_dev.py::"
UPDATE = "tests/programs/test_update.py::"
LAB = "tests/lab/test_main.py::test_a_door_is_opened_a_stranger_comes_the_page_turns_red_and_nothing_is_left"
KNOCK = STORY + "test_a_knock_at_an_open_door_names_the_machine_though_the_box_renumbers"
ENROL = STORY + "test_a_sentinel_enrolled_by_hand_checks_within_seconds"
ECHO = "tests/echo/test_main.py::test_an_echo_is_served_invites_and_lists"
DOSSIER = VERIFY + "test_a_dossier_is_verified_on_a_machine_that_has_nothing"
BACKUP = "tests/programs/test_backup.py::test_the_command_takes_its_passphrase_from_the_environment"
CLOSING = "tests/programs/test_closing.py::test_register_journal_heads_and_papers_leave_and_the_rest_is_wiped"
CONSOLE = "tests/ansible/test_sentinel.py::test_status_and_check_speak_at_the_console"
WALL = "tests/programs/test_wallcard.py::test_the_practices_own_card_names_its_contact"
BENCH = "tests/bench/test_main.py::test_a_section_is_measured_and_told"
WITH_ITS_BLANKS = "with its blanks filled in"
WITH_ANOTHER_NAME = "with another file's name"
BY_LAB = "as ./dev lab starts it"

RUN = {
    "./dev test": (DEV + "test_the_lab_runs_beside_the_rest", "in a house with tests of its own"),
    "./dev test tests/decode -k dicom": (
        DEV + "test_where_not_one_test_is_found_it_says_so_as_pytest_does",
        "with other words for pytest",
    ),
    "./dev lint": (".ci/run", "word for word"),
    "./dev bench memory": (BENCH, "as ./dev bench starts it"),
    "sudo ./dev lab": (LAB, BY_LAB),
    "./dev lab forward 11112 4242": (LAB, BY_LAB),
    "./dev lab stranger-echo": (LAB, BY_LAB),
    "./dev lab unforward": (LAB, BY_LAB),
    "sentinel run": (STORY + "test_a_closed_practice_with_a_proved_mirror_is_calm", "every story begins with it"),
    "sentinel knock": (KNOCK, "on the Pi of the lab"),
    "sentinel password": (
        "tests/programs/test_password.py::test_the_code_is_made_used_once_and_gone",
        "what is typed comes by a pipe",
    ),
    "sentinel enrol INVITATION": (ENROL, "with a real one"),
    "sentinel enrol 'sentinel-echo://…'": (ENROL, "with a real one"),
    "./dev sentinel card cabinets/tilleuls.toml /media/$USER/FIRMWARE": (
        "tests/programs/test_card.py::test_the_command_lays_the_file_on_the_card",
        "a folder stands for the card",
    ),
    "sentinel echo serve --dir DIR --name HOST --listen ADDRESS:8443": (ECHO, WITH_ITS_BLANKS),
    'sentinel echo invite --dir DIR --alias "Cabinet des Tilleuls"': (ECHO, WITH_ITS_BLANKS),
    "sentinel verify dossier-incident-12.zip": (DOSSIER, WITH_ANOTHER_NAME),
    "sentinel verify FILE": (DOSSIER, WITH_ANOTHER_NAME),
    "./dev sentinel verify FILE": (DOSSIER, "as ./dev starts it"),
    "sentinel backup FILE --passphrase": (BACKUP, "a person is asked for it"),
    "sentinel backup FILE [--passphrase]": (BACKUP, "with it"),
    "sentinel restore FILE [--passphrase]": (BACKUP, "with it"),
    "openssl pkeyutl -verify -rawin": (
        "tests/evidence/test_pack.py::test_openssl_verifies_the_manifest_without_anything_of_ours",
        "over a dossier's very bytes",
    ),
    "sentinel check": (
        "tests/test_main.py::test_check_tries_everything_and_says_what_is_missing",
        "word for word",
    ),
    "sudo sentinel check": (CONSOLE, "as root"),
    "sudo sentinel status": (CONSOLE, "as root"),
    "sudo sentinel paper wall-card /tmp": (WALL, "as whoever runs it, into another folder"),
    "cd ansible && ../.venv/bin/ansible-playbook sentinel.yml": (
        "tests/ansible/test_sentinel.py::test_a_second_run_changes_nothing",
        "with an inventory of its own",
    ),
    "cd ansible && ../.venv/bin/ansible-playbook echo.yml": (
        "tests/ansible/test_echo.py::test_a_second_run_changes_nothing",
        "with an inventory of its own",
    ),
    "../.venv/bin/ansible-playbook sentinel.yml -e sentinel_state=absent -e sentinel_register=delete": (
        "tests/ansible/test_sentinel.py::test_gone_it_leaves_nothing",
        "with an inventory of its own",
    ),
    "systemd-analyze security": ("tests/ansible/looking.py::exposure", "for each unit"),
    "systemctl start sentinel-echo-backup": (
        "tests/ansible/test_echo.py::test_of_many_copies_the_newest_are_kept",
        "word for word",
    ),
    "./dev wheels 3.13 aarch64": ("tests/ansible/conftest.py::wheels", "for this machine's own processor"),
    "./dev wheels 3.13 x86_64": ("tests/fresh/test_documents.py::fresh", "for this machine's own processor"),
    "./dev wheels": ("tests/fresh/test_documents.py::fresh", "for a Python that is named"),
    "ssh root@sentinel.local sentinel update --reboot - < sentinel-0.2.0.update": (
        "tests/image/conftest.py::trial",
        "to a guest of QEMU",
    ),
    "python -m sentinel.card.bundle sentinel-0.2.0.update --version 0.2.0 --root root.img --boot a "
    '--key current.key --made "$(date +%s)"': (
        "tests/card/test_bundle.py::test_the_makers_command_makes_it",
        "with small parts",
    ),
    "tar -tvf sentinel-0.2.0.update": (
        "tests/card/test_bundle.py::test_what_is_read_of_the_file_is_a_plain_tar",
        "word for word",
    ),
    "printf 'sentinel-ledger-v1\\n%s\\n%s\\n%s\\n%s\\n%s' NUMBER AT KIND BEFORE "
    """"$(printf %s "$BODY" | sha256sum | cut -d' ' -f1)" | sha256sum""": (
        "tests/model/test_ledger.py::test_the_rule_can_be_followed_with_a_shell_and_nothing_of_ours",
        "with the words of an entry",
    ),
    "printf a | dd of=config.txt bs=1 seek=10 conv=notrunc": (
        "tests/card/test_slots.py::test_a_person_puts_the_other_letter_back_as_the_document_says",
        "with the other letter",
    ),
    r"printf '[pi5]\ndevice_tree=bcm2712-d-rpi-5-b.dtb\n' >>config.txt": (
        "tests/test_documents.py::test_a_pi_5_is_told_its_device_tree_as_the_document_says",
        "in a folder",
    ),
}
"""What a test starts by its command line: the test, and what differs there."""

BEHIND = {
    "./dev check": (".ci/run", "its two halves, one after the other"),
    "./dev bench wear --minutes 5": (
        "tests/bench/test_wear.py::test_a_short_day_is_measured_to_its_end",
        "shorter",
    ),
    "./dev bench soak --minutes 5": (
        "tests/bench/test_capture.py::test_a_short_soak_accounts_for_every_frame",
        "shorter",
    ),
    "./dev screens": (
        "tests/web/test_screens.py::test_every_picture_of_the_documents_is_drawn",
        "the script that it starts, into another folder",
    ),
    "./dev lab knock": (KNOCK, "the lab hands it to `sentinel knock`"),
    "sentinel box": (
        "tests/programs/test_box.py::test_every_mapping_is_shown_with_its_machine_and_who_asked_for_it",
        "",
    ),
    'sentinel echo invite --dir DIR --alias "Cabinet des Tilleuls" --expires 30d': (
        "tests/echo/test_operator.py::test_a_duration_is_read",
        "its duration; the rest is run, and with 7d in a fresh Debian",
    ),
    "sentinel verify --store": (VERIFY + "test_a_store_that_nobody_touched_is_whole", ""),
    "sentinel verify --store --anchors ancres.jsonl": (
        VERIFY + "test_an_old_folder_put_back_is_seen_by_signatures_kept_elsewhere",
        "",
    ),
    "sentinel close FOLDER": (CLOSING, ""),
    "sudo sentinel close FOLDER": (CLOSING, ""),
    "openssl genpkey -algorithm ed25519": ("image-build/build.sh", "for the pair of a development image"),
    "./dev image": ("tests/image/conftest.py", "the script that it starts"),
    "sudo ./dev image": ("tests/image/conftest.py", "the script that it starts"),
    "sudo ./dev image-test": (
        DEV + "test_the_image_waits_for_the_lab_and_for_its_base",
        "the section of that name, by ./dev test",
    ),
    "sentinel update": (UPDATE + "test_somebody_else_than_root_is_told_so", ""),
    "sentinel update sentinel-0.2.0.update": (
        UPDATE + "test_a_file_signed_by_either_key_is_tried_at_the_next_start",
        "",
    ),
    "sentinel update --check": (UPDATE + "test_whoever_asks_hears_whether_there_is_a_newer_version", ""),
    "ssh root@sentinel.local sentinel paper wall-card /tmp": (WALL, "what is typed behind ssh"),
    "ssh -t root@sentinel.local sentinel backup /tmp/sentinel.backup --passphrase": (
        BACKUP,
        "what is typed behind ssh",
    ),
    "ssh -t root@sentinel.local 'systemctl stop sentinel.target && "
    "sentinel restore /tmp/sentinel.backup --passphrase --over'": (
        "tests/programs/test_backup.py::test_what_was_there_before_is_moved_aside_and_not_lost",
        "what is typed behind ssh and behind the stop",
    ),
    "python -m tests.pcaps.make": (
        "tests/programs/test_replay.py::test_the_golden_files_are_what_their_script_writes",
        "",
    ),
}
"""What no test starts, while one does what lies behind it: the test, and which part that is."""

BY_HAND = {
    "./dev bench": "it takes two hours and a half; tests/bench measures each part shortly",
    "./dev release": "it takes an hour: tests/image at length, and then image-build/release.sh",
    "cp ansible/hosts.example.yml ansible/hosts.yml": "a person's own copy; the example is read where it lies",
    "journalctl -u 'sentinel-*'": "it only shows the journal",
    "journalctl -u 'sentinel-trial*' -u sentinel-update": "it only shows the journal",
    "scp root@sentinel.local:/tmp/sentinel.backup .": "it only fetches what the line before it has made",
    "scp sentinel.backup root@sentinel.local:/tmp": "it only brings what was fetched",
    "ssh root@sentinel.local systemctl reboot": "tests/image cuts the power of its guests instead",
    "systemctl reboot": "tests/image cuts the power of its guests instead, which is harder",
    "cp cabinets/tilleuls.toml /Volumes/FIRMWARE/sentinel.toml && diskutil eject /Volumes/FIRMWARE": (
        "no Mac is here; the same file is laid on a folder by `sentinel card`"
    ),
    r"Copy-Item cabinets\tilleuls.toml E:\sentinel.toml": "no Windows is here; the same file",
    "rpi-imager --repo URL/os_list.json": "it wants a screen and a card; `./dev release` looks at the list",
    "rpi-imager --repo ADRESSE/os_list.json": "it wants a screen and a card; `./dev release` looks at the list",
    "scp root@sentinel.local:/tmp/carte-murale.pdf .": "it only fetches what the line before it has made",
    "git pull": "there is nowhere to pull from",
    "git add": "it is git's own",
    "uname -r": "it is for a letter to us",
    ".venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate …": (
        "it asks the registry, whose answer is another tomorrow; tests/test_repository.py looks at what it wrote"
    ),
}
"""What a person does, and why no test does it."""

TESTED = RUN | BEHIND


def fresh() -> set[str]:
    """What tests/fresh types in a bare Debian."""
    whole = (ROOT / "docs/echo.md").read_text(encoding="utf-8")
    return {line.said for line in (*README, *OPERATOR)} | set(in_blocks(chapter(whole, ECHO_BY_HAND)))
