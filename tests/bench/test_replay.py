"""The bench of a replay, shortly: it measures what it says, and the memory is flat."""

import pytest

from tests.bench import recordings, replay


def test_a_short_file_is_measured_and_counted(tmp_path):
    """How fast, only a quiet machine can say."""
    speed, office, flood = replay.measure(tmp_path, frames=4_000, trials=1)

    assert speed.value > sum(value for _, value in speed.parts[:1]) > 0
    assert "frames/s" in speed.note
    assert len(office.parts) == len(flood.parts) == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "frames", "most"), [(recordings.office, 120_000, 40), (recordings.flood, 140_000, 120)]
)
def test_the_memory_of_a_replay_does_not_grow_with_its_file(tmp_path, kind, frames, most):
    """Fed through a pipe: once its tables are full, the last quarter adds fewer bytes than it has."""
    peaks = replay.quarters(tmp_path / "pipe", kind, frames)

    assert peaks[-1] < most
    assert peaks[3] - peaks[2] < frames / 4 * recordings.KEPT / 1e6
