"""The fuzzer of the bench, shortly: what it plays, and a few seconds of atheris where it is installed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bench import fuzz
from tests.capture.files import KINDS, pcap
from tests.pcaps import make

SEEDS = fuzz.seeds()


def test_every_golden_file_is_where_it_begins():
    """As a file; and the odd ones as frames too."""
    files = {path.read_bytes() for path in make.FOLDER.glob("*.pcap*")}

    assert {seed[1:] for seed in SEEDS if seed[0] == fuzz.WHOLE} == files
    assert len(SEEDS) == len(files) + len(make.ODD)


def test_frames_are_played_as_a_file_of_their_link():
    """The first byte chooses it; the last frame may be shorter than it says."""
    link = fuzz.LINKS.index(101)

    assert fuzz._frames(bytes((link, 0, 3)) + b"abc" + b"\0\x09de") == pcap([b"abc", b"de"], link=101)
    assert fuzz._frames(b"") == pcap([])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*SEEDS, *(bytes((fuzz.WHOLE,)) + kind for kind in KINDS.values())]),
    st.lists(st.tuples(st.integers(0, 30_000), st.binary(min_size=1, max_size=8)), max_size=8),
    st.integers(1, 30_000),
)
def test_no_foreign_file_brings_a_replay_down(tmp_path, seed, changes, kept):
    """Golden files and frames, changed and cut."""
    data = bytearray(seed[:kept])
    for at, what in changes:
        place = at % len(data)
        data[place : place + len(what)] = what

    fuzz.play(bytes(data), tmp_path / "any")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, fuzz.WHOLE), st.binary(max_size=400))
def test_no_noise_brings_a_replay_down(tmp_path, kind, noise):
    """As frames of any link, and as a file."""
    fuzz.play(bytes((kind,)) + noise, tmp_path / "any")


def test_a_few_seconds_of_atheris_find_nothing(tmp_path, monkeypatch):
    """The bench takes ten minutes."""
    if reason := fuzz.why_not():
        pytest.skip(reason)
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")

    (figure,) = fuzz.measure(tmp_path, seconds=2)

    assert not figure.missed
    assert list((tmp_path / "kept").iterdir()) == []
