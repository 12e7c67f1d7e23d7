"""The units of a trial: what they do where the programs of the new system do not run at all."""

from pathlib import Path

MARK = "/run/sentinel-trial"
ROOTFS = Path(__file__).parents[2] / "image-build/rootfs/usr/lib"


def unit(name: str) -> dict[str, list[str]]:
    """Each key of a unit file, and its values."""
    lines = (ROOTFS / f"systemd/system/{name}").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return {key: [value for name, value in pairs if name == key] for key, _ in pairs}


def test_a_trial_whose_programs_do_not_run_restarts_until_its_count_is_done():
    """And a start that is no trial is never restarted for it, or a card would start for ever.

    An ExecCondition would not do: where a sandbox cannot be set up, systemd takes it for a no.
    """
    keep, gate, settle = (unit(f"sentinel-trial{name}.service") for name in ("-keep", "", "-settle"))

    for each in (keep, gate):
        assert each["ConditionPathExists"] == [MARK]
        assert each["FailureAction"] == ["reboot"]
        assert each["StartLimitIntervalSec"] == ["0"]  # or to restart the target some times would be a failure
    assert settle["ConditionPathExists"] == [f"!{MARK}"]
    assert not {"FailureAction", "StartLimitAction"} & settle.keys()
    assert not any("ExecCondition" in each for each in (keep, gate, settle))


def test_the_initramfs_leaves_the_mark_that_they_ask_for():
    """It has read the card before anything could fail to be mounted."""
    assert f": >{MARK} ;;" in (ROOTFS.parents[2] / "initramfs/trial").read_text()


def test_a_firmware_partition_that_cannot_be_mounted_keeps_no_part_from_starting():
    """What cannot start for a mount has not failed, by systemd's rules, and would restart nothing."""
    for name in ("-keep", "", "-settle"):
        said = unit(f"sentinel-trial{name}.service")
        assert said["RequiresMountsFor"] == ["/var/lib/sentinel"]
        assert "boot-firmware.mount" in said["After"][0].split()


def test_the_store_is_copied_and_put_back_before_anybody_opens_it():
    """Neither part may come second."""
    for name in ("-keep", "-settle"):
        assert unit(f"sentinel-trial{name}.service")["Before"] == ["sentinel-watch.service sentinel-web.service"]


def test_a_gate_holds_up_no_start():
    """`systemctl is-system-running` says `running` meanwhile."""
    assert unit("sentinel-trial.service")["Type"] == ["exec"]
    assert unit("sentinel-trial.service")["Before"] == ["shutdown.target"]


def test_a_start_that_never_comes_to_its_end_is_ended_by_the_gate():
    """It waits for nothing that such a start may never reach, not even for the copy of the store."""
    gate = unit("sentinel-trial.service")

    assert gate["WantedBy"] == ["sysinit.target"]
    assert gate["DefaultDependencies"] == ["no"]
    assert gate["After"] == ["local-fs.target boot-firmware.mount sentinel-boot.service"]
