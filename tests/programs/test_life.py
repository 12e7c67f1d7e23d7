"""That `watch` lives: said while its street beats, and for a while after, but not for longer."""

from sentinel.programs.life import PATIENCE, Life
from tests.builders import moment
from tests.notified import manager


def test_it_is_said_until_the_street_has_not_beaten_for_three_of_its_lives(tmp_path, monkeypatch):
    """And again when it beats again."""
    present = [0.0]
    with manager(tmp_path) as hears:
        monkeypatch.setenv("NOTIFY_SOCKET", hears.address)
        life = Life(lambda: moment(present[0]))
        [job] = life.jobs()
        said = []
        for seconds in (0.0, PATIENCE.total_seconds() - 0.1, PATIENCE.total_seconds()):
            present[0] = seconds
            said.append([*job.work()] or hears.hear(0.3, lambda: len(hears.told) > len(said)))
        life.walked()
        said.append([*job.work()] or hears.hear(0.3))

    assert said == [["WATCHDOG=1"], ["WATCHDOG=1"], [], ["WATCHDOG=1"]]


def test_nothing_is_said_of_life_once_the_street_is_left(tmp_path, monkeypatch):
    """The timetable's thread may be about to."""
    with manager(tmp_path) as hears:
        monkeypatch.setenv("NOTIFY_SOCKET", hears.address)
        life = Life(lambda: moment(0))
        [job] = life.jobs()
        job.work()
        life.stop()
        job.work()

        assert hears.hear(0.3) == ["WATCHDOG=1", "STOPPING=1"]
