"""A sentinel installed by its playbook on a Debian somebody already has, until it is gone again."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible.borrowed import fetched, lamp_and_boot
from tests.ansible.looking import address, comes_back, door, exposure, inside, page, settled, tables, traces
from tests.ansible.machine import BOX, CLIENT, HOME, HOME6, Machine, machine
from tests.ansible.test_units import INSTALLED, MOST, TREES, laid, units

PROGRAMS = ("listen", "watch", "web")
UNITS = (*PROGRAMS, "dark", "firewall", "firewall-sets")
SETTINGS = {
    "practice": {"name": "Cabinet de l’Étoile", "contact": "Zoé Petit", "phone": "+33 1 99 00 12 34"},
    "capture": {"prefixes": ["192.168.99.0/24"]},
}

SLOW = r"""
slow() {
  mkdir -p "/run/systemd/system/sentinel-$1.service.d"
  printf '[Service]\n%s\n' "$2" >"/run/systemd/system/sentinel-$1.service.d/slow.conf"
}
for each in listen web; do
  slow $each 'ExecStopPost=+/bin/sh -c "sleep 8; test -x /usr/bin/sentinel"'
done
slow firewall-sets 'ExecStartPre=/bin/sleep 50'
systemctl daemon-reload
systemctl start --no-block sentinel-firewall-sets.service
"""
"""Programs that take their time to end and need their files for it; and one amid the work of its minute."""


@pytest.fixture(scope="module")
def plain(possible: None) -> Iterator[Machine]:
    """A Debian with ssh, as somebody has it."""
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def installed(plain: Machine, wheels: dict[str, str]) -> Machine:
    """With a sentinel on it."""
    plain.before = traces(plain)
    plain.variables = {f"sentinel_{name}": value for name, value in wheels.items()}
    plain.play("sentinel.yml", sentinel_settings=SETTINGS)
    return plain


def test_the_machine_runs_and_nothing_has_failed(installed: Machine):
    """systemd's own word on all of it, once what was started is there."""
    assert settled(installed) == "running\n"
    for each in PROGRAMS:
        shown = installed.run(f"systemctl show -p ActiveState,Type,NRestarts sentinel-{each}.service")
        assert set(shown.split()) == {"Type=notify", "ActiveState=active", "NRestarts=0"}


def test_a_second_run_changes_nothing(installed: Machine):
    """What stands is what the playbook says."""
    again = installed.play("sentinel.yml", sentinel_settings=SETTINGS)

    assert again.changed == 0, again.words


def test_whatever_was_laid_has_its_own_mode(installed: Machine):
    """Not that of the clone the playbook ran from, which leaves others nothing: programs of four users read it."""
    files = [f"/{path.relative_to(INSTALLED)}" for path in INSTALLED.rglob("*") if path.is_file()]
    told = installed.run(f"stat -c '%a %U %G %n' {' '.join(files)}").splitlines()

    assert told == [f"{755 if each == '/usr/bin/sentinel' else 644} root root {each}" for each in files]


def test_the_page_answers_the_lan_over_both_protocols_and_families(installed: Machine):
    """The sentence on port 80, the rest behind the machine's own certificate."""
    for url in (f"http://{HOME}/", f"https://{HOME}/", f"http://[{HOME6}]/", f"https://[{HOME6}]/"):
        answer = page(installed, url)
        assert answer.startswith("200 <!doctype html>"), answer[:300]
        assert "Cabinet de l’Étoile" in answer, url


def test_the_box_gets_no_page_though_it_is_on_the_lan(installed: Machine):
    """Behind its address there may be anybody."""
    assert page(installed, f"http://{HOME}/", CLIENT).startswith("200")
    assert "timed out" in page(installed, f"http://{HOME}/", BOX)
    assert "timed out" in page(installed, f"https://{HOME}/", BOX)


def test_the_name_on_the_lan_is_sentinel_local(installed: Machine):
    """A question to all of the LAN, as a browser's computer asks it."""
    assert address(installed, CLIENT, "sentinel.local") == HOME


def test_status_and_check_speak_at_the_console(installed: Machine):
    """Without an echo or a mirror it does not know, and says so; nothing else is missing."""
    status = installed.run("sentinel status; echo $?").splitlines()
    told = installed.run("sentinel check", check=False)

    assert (status[0], status[-1]) == ("je ne sais pas", "3")
    missing = [line.split(":")[0] for line in told.splitlines() if line.startswith("MISSING")]
    assert missing == ["MISSING  view", "MISSING  echo"], told


def test_facts_come_from_the_listener(installed: Machine):
    """The socket is given to its group, the listener has its user and none of its rights any more."""

    def heard() -> bool:
        coverage = json.loads(installed.run("sentinel status --json", check=False))["coverage"]
        return bool(coverage and coverage["frames"])

    assert installed.until(heard, 30)
    status = installed.run(f"cat /proc/{installed.pid('sentinel-listen.service')}/status")
    rights = dict(re.findall(r"^(Uid|Cap\w+|NoNewPrivs):\t(\S+)", status, re.MULTILINE))
    assert rights == {
        "Uid": "961",
        "CapInh": "0" * 16,
        "CapPrm": "0" * 16,
        "CapEff": "0" * 16,
        "CapBnd": "0000000000002000",  # CAP_NET_RAW
        "CapAmb": "0" * 16,
        "NoNewPrivs": "1",
    }


@pytest.mark.parametrize(
    ("program", "command", "told"),
    [
        ("listen", "cat /etc/sentinel/sentinel.toml", "Permission denied"),
        ("listen", "ls /var/lib/sentinel", "Permission denied"),
        ("listen", "head -c 16 /var/lib/sentinel/sentinel.db", "Permission denied"),
        ("listen", "ls /run/sentinel", "Permission denied"),
        ("listen", "cat /run/sentinel/pulse.json", "Permission denied"),
        ("listen", "touch /tmp/x", "Read-only file system"),
        ("listen", "touch /var/tmp/x", "Read-only file system"),
        ("listen", "cat /run/sentinel-listen/sentinel.toml", "[capture]"),
        ("web", "head -c 15 /var/lib/sentinel/sentinel.db", "SQLite format 3"),
        ("web", "touch /var/lib/sentinel/x", "Read-only file system"),
        ("web", "touch /run/sentinel/x", "Permission denied"),
        ("web", "rm /run/sentinel/pulse.json", "Permission denied"),
        ("web", "cat /var/lib/sentinel/sentinel.key", "Permission denied"),
        ("web", "cat /var/lib/sentinel/CODE-SENTINELLE.txt", "Permission denied"),
        ("web", "touch /tmp/x", "Read-only file system"),
        ("watch", "touch /etc/sentinel/x", "Read-only file system"),
        ("watch", "echo >>/etc/sentinel/sentinel.toml", "Permission denied"),
        ("watch", "touch /opt/sentinel/x", "Read-only file system"),
        ("watch", "ls /root", "Permission denied"),
    ],
)
def test_a_program_can_do_what_it_must_and_no_more(installed: Machine, program: str, command: str, told: str):
    """Tried as its user, in its own view of the file system."""
    assert told in inside(installed, program, command)


def test_everybody_else_on_the_machine_sees_nothing(installed: Machine):
    """Neither the findings, nor the settings, nor the line to `watch`."""
    nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    for path in ("/var/lib/sentinel", "/etc/sentinel", "/run/sentinel", "/run/sentinel-listen"):
        assert "Permission denied" in installed.run(f"{nobody} ls {path} 2>&1", check=False)
    told = "stat -c '%a %U %G %n' /etc/sentinel/sentinel.toml /var/lib/sentinel . *.sock"
    modes = installed.run(f"cd /run/sentinel && {told}")
    assert modes.splitlines() == [
        "640 root sentinel /etc/sentinel/sentinel.toml",
        "2750 sentinel-watch sentinel /var/lib/sentinel",
        "2751 sentinel-watch sentinel .",
        "660 sentinel-watch sentinel-listen facts.sock",
        "660 sentinel-watch sentinel requests.sock",
    ]


def test_the_numbers_of_users_are_those_of_a_card(installed: Machine):
    """A data partition outlives the system that wrote it."""
    told = installed.run(
        "getent passwd sentinel-listen sentinel-watch sentinel-web sentinel-firewall; getent group sentinel"
    )

    assert [line.split(":")[2] for line in told.splitlines()] == ["961", "962", "963", "964", "960"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_gives_away_little(installed: Machine, unit: str):
    """A hole in it opens hardly more than its own work."""
    assert exposure(installed, f"sentinel-{unit}") <= MOST


def test_the_units_are_what_systemd_understands(installed: Machine):
    """No misspelt line, no unit that is not there."""
    assert installed.run("systemd-analyze verify --man=no /usr/lib/systemd/system/sentinel*.*[!d] 2>&1") == ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_is_killed_comes_back(installed: Machine, program: str):
    """Whatever ended it."""
    comes_back(installed, f"sentinel-{program}.service", "KILL")


def test_a_street_that_hangs_is_ended_and_comes_back(installed: Machine):
    """systemd hears nothing of it any more."""
    comes_back(installed, "sentinel-watch.service", "STOP")

    assert "Watchdog timeout" in installed.run("journalctl -u sentinel-watch.service -o cat")


def test_nobody_elses_rules_are_touched(installed: Machine):
    """Not when the table goes, and not when it comes."""
    installed.run("nft add table inet somebody; nft add chain inet somebody theirs")
    installed.run("systemctl stop sentinel-firewall.service")
    gone = tables(installed)
    installed.run("systemctl start sentinel-firewall.service")
    back = tables(installed)
    installed.run("nft delete table inet somebody")

    assert gone == ["table inet somebody"]
    assert back == ["table inet somebody", "table inet sentinel"]


def test_the_table_comes_back_after_somebody_has_flushed_all_rules(installed: Machine):
    """As Debian's own nftables.service does when it is reloaded; the timer looks once a minute."""
    installed.run("nft flush ruleset; systemctl start sentinel-firewall-sets.service")

    assert CLIENT.rpartition(".")[0] in installed.run("nft list set inet sentinel readers4")


def test_who_would_shut_himself_out_is_told_and_is_not(installed: Machine):
    """Ssh for nobody, asked for by ssh: the playbook fails, the door is open again soon after, and stays so."""
    rules = "cd /etc/sentinel/firewall.d && stat -c '%a %U %G %n' * && cat *"
    before = installed.run(rules)
    shut = installed.play("sentinel.yml", check=False, sentinel_ssh="key", sentinel_guard_seconds=15)

    assert not shut.well
    assert "cannot be reached from here any more" in shut.words
    assert door(installed, 22) == "timed out"
    installed.until(lambda: not installed.is_active("sentinel-firewall.service"), 30)
    assert door(installed, 22) == "open"
    installed.run("systemctl start sentinel-firewall.service")
    assert door(installed, 22) == "open"
    assert installed.run(rules) == before


def test_after_a_restart_of_the_machine_all_of_it_is_there_again(installed: Machine):
    """Table, page, lamp out until somebody drives it; and what was found before."""
    known = installed.run("sentinel verify --store 2>&1 || true")
    installed.off()
    installed.on()

    installed.until(
        lambda: all(installed.is_active(f"sentinel-{each}.service") for each in (*PROGRAMS, "firewall", "dark"))
    )
    assert (
        installed.run("systemctl is-system-running --wait; systemctl --failed --plain --no-legend") == "running\n"
    )
    installed.until(lambda: page(installed, f"http://{HOME}/").startswith("200"), 60)
    assert "timed out" in page(installed, f"http://{HOME}/", BOX)
    assert known
    assert installed.run("sentinel verify --store 2>&1 || true").split(":")[0] == known.split(":")[0]


def test_on_a_card_the_lamp_waits_for_who_knows_its_pins(installed: Machine):
    """The card's first unit takes its time, and the lamp's begins when it is done; there is no circle."""
    done, began, circles = lamp_and_boot(installed)

    assert 0 < done < began
    assert circles == ""
    installed.until(lambda: installed.is_active("sentinel-watch.service"))


def test_who_writes_an_update_has_no_network_and_who_fetches_it_no_right(installed: Machine):
    """The card's own two units, within their own bounds."""
    alone, by_another = fetched(installed).splitlines()

    assert "cannot be reached" in alone
    assert by_another == "Carried update"


@pytest.mark.parametrize("machine", ["card", "echo"])
def test_a_unit_gives_away_little_by_the_count_of_the_newest_debian(installed: Machine, machine: str):
    """Also those of a card, whose systemd it is."""
    root = laid(installed.root / "opt/laid", TREES[machine])
    try:
        scores = {
            unit.stem: exposure(installed, unit.stem, "--offline=true --root=/opt/laid") for unit in units(root)
        }
    finally:
        shutil.rmtree(root)

    assert {name: score for name, score in scores.items() if score > MOST} == {}


def test_the_journal_is_small_and_in_memory(installed: Machine):
    """A memory card wears. What an earlier journal left on it stays, and is not written to any more."""
    journald = installed.pid("systemd-journald.service")
    written = installed.run(f"readlink /proc/{journald}/fd/* | grep '[.]journal$'").split()

    assert written
    assert [file for file in written if not file.startswith("/run/log/journal/")] == []
    assert "RuntimeMaxUse=32M" in installed.run("systemd-analyze cat-config systemd/journald.conf")


def test_the_clock_is_kept_and_security_updates_come_by_themselves(installed: Machine):
    """What nobody looks at every day must look after itself."""
    assert installed.is_active("unattended-upgrades.service")
    assert (
        installed.run("systemctl is-enabled systemd-timesyncd.service apt-daily-upgrade.timer").split()
        == ["enabled"] * 2
    )
    assert "Debian-Security" in installed.run("apt-config dump Unattended-Upgrade::Origins-Pattern")
    assert 'Unattended-Upgrade "1"' in installed.run("apt-config dump APT::Periodic")


def test_a_register_is_not_deleted_without_a_word(installed: Machine):
    """A practice must keep it: unless somebody says what becomes of it, nothing is touched."""
    register = "stat -c '%s %n' /var/lib/sentinel/sentinel.db"
    asked = installed.play("sentinel.yml", check=False, sentinel_state="absent")
    assert not asked.well
    assert "sentinel_register=keep" in asked.words
    assert (asked.changed, installed.is_active("sentinel-watch.service")) == (0, True)

    installed.play("sentinel.yml", sentinel_state="absent", sentinel_register="keep")
    left = set(traces(installed).splitlines()) - set(installed.before.splitlines())
    assert {Path(each).parts[:4] for each in left} == {("/", "var", "lib", "sentinel")}
    assert int(installed.run(register).split()[0])
    assert installed.run("stat -c '%a %U %G' /var/lib/sentinel") == "700 root root\n"


def test_a_register_that_was_kept_is_the_next_sentinels(installed: Machine):
    """Installed anew, it goes on with what is there."""
    before = installed.run("stat -c %i /var/lib/sentinel/sentinel.db")
    installed.play("sentinel.yml", sentinel_settings=SETTINGS)

    assert installed.run("stat -c '%a %U %G' /var/lib/sentinel") == "2750 sentinel-watch sentinel\n"
    assert settled(installed) == "running\n"
    assert installed.run("stat -c %i /var/lib/sentinel/sentinel.db") == before


def test_gone_it_leaves_nothing(installed: Machine):
    """No file, user, group, table, unit or process; no program lost a file before it ended. Must be the last."""
    installed.run("nft add table inet somebody")
    installed.run(SLOW)
    installed.play("sentinel.yml", sentinel_state="absent", sentinel_register="delete")

    assert traces(installed) == installed.before
    assert tables(installed) == ["table inet somebody"]
    assert (
        installed.run("systemctl list-units --all --plain --no-legend '*sentinel*' | grep -v not-found || true")
        == ""
    )
    assert installed.run("ps -eo args | grep -c '[s]entinel' || true").strip() == "0"
    assert (
        installed.run("systemctl --failed --plain --no-legend; systemctl is-system-running", check=False)
        == "running\n"
    )
