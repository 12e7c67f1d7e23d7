"""The units of a trial: what they do where the programs of the new system do not run at all."""

import subprocess
from pathlib import Path

import pytest

ROOTFS = Path(__file__).parents[2] / "image-build/rootfs/usr/lib"


def unit(name: str) -> dict[str, list[str]]:
    """Each key of a unit file, and its values."""
    lines = (ROOTFS / f"systemd/system/{name}").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return {key: [value for name, value in pairs if name == key] for key, _ in pairs}


@pytest.mark.parametrize(
    ("trial", "cmdline", "on_trial"),
    [
        ("b2\n", "root=x sentinel.slot=b", True),
        ("b0\n", "sentinel.slot=b quiet", True),
        ("a3\n", "sentinel.slot=a", True),
        ("b3\n", "sentinel.slot=a", False),
        ("-0\n", "sentinel.slot=a", False),
        ("\n", "sentinel.slot=a", False),
        ("", "sentinel.slot=a", False),
        ("bb\n", "sentinel.slot=b", False),
        ("0\n", "root=/dev/sda1", False),
        (None, "sentinel.slot=a", False),
    ],
)
def test_whether_this_system_is_on_trial_is_known_without_its_programs(tmp_path, trial, cmdline, on_trial):
    """They may be what does not work."""
    (tmp_path / "cmdline").write_text(f"{cmdline}\n")
    if trial is not None:
        (tmp_path / "trial.txt").write_text(trial)
    asked = ["sh", ROOTFS / "sentinel/on-trial", tmp_path, tmp_path / "cmdline"]

    assert (subprocess.run(asked, check=False, capture_output=True, timeout=10).returncode == 0) is on_trial


def test_a_trial_whose_programs_do_not_run_restarts_until_its_count_is_done():
    """And a start that is no trial is never restarted for it, or a card would start for ever."""
    keep, gate, settle = (unit(f"sentinel-trial{name}.service") for name in ("-keep", "", "-settle"))

    assert keep["FailureAction"] == gate["StartLimitAction"] == ["reboot"]
    assert keep["ExecCondition"] == gate["ExecCondition"] == ["/usr/lib/sentinel/on-trial"]
    assert gate["Restart"] == ["on-failure"]
    assert settle["ExecCondition"] == ["/bin/sh -c '! /usr/lib/sentinel/on-trial'"]
    assert not {"FailureAction", "StartLimitAction"} & settle.keys()


def test_the_store_is_copied_and_put_back_before_anybody_opens_it():
    """Neither part may come second."""
    for name in ("-keep", "-settle"):
        assert unit(f"sentinel-trial{name}.service")["Before"] == ["sentinel-watch.service sentinel-web.service"]


def test_a_gate_holds_up_no_start():
    """`systemctl is-system-running` says `running` meanwhile."""
    assert unit("sentinel-trial.service")["Type"] == ["exec"]
    assert "Before" not in unit("sentinel-trial.service")
