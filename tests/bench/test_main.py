"""The bench measures what it says, and writes only where it may."""

import os
import socket

import pytest
from click.testing import CliRunner

from tests.bench import __main__ as bench
from tests.bench import machine
from tests.bench.figure import Figure
from tests.bench.memory import family, weigh


def test_the_memory_is_that_of_a_process_and_its_descendants():
    figure = weigh(os.getpid(), "memory")
    assert len(figure.parts) == len(family(os.getpid()))
    assert figure.value == pytest.approx(sum(value for _, value in figure.parts))
    assert 5 < figure.value < 2000


def test_a_figure_says_when_it_misses_its_aim():
    figure = Figure(name="start", value=3.14159, unit="s", aim=3.0, parts=(("trial 1", 12.34),))
    assert figure.lines() == ["start: 3.14 s   (aim: below 3 s, MISSED)", "    trial 1        12.3 s"]
    assert figure.row() == "| start | **3.14 s** | below 3 s | trial 1 12.3 s |"


def test_a_figure_may_have_a_note_and_no_parts():
    assert Figure(name="wrong", value=0, unit="cells", note="ten doors").row().endswith("| – | ten doors |")


def test_the_machine_is_named_by_what_it_is_and_not_by_whose_it_is():
    assert socket.gethostname() not in machine.describe()
    assert "cores" in machine.describe()


def test_only_the_table_of_the_page_is_written(tmp_path, monkeypatch):
    page = tmp_path / "docs" / "benchmarks.md"
    page.parent.mkdir()
    page.write_text(f"before\n{bench.BEGINS}old\n{bench.ENDS}after\n")
    monkeypatch.setattr(bench, "PAGE", page)

    bench._write([Figure(name="start", value=1.0, unit="s")])

    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| start | **1.00 s** |" in text
    assert "old" not in text


def test_the_whole_table_or_none():
    said = CliRunner().invoke(bench.bench, ["--markdown", "start"])
    assert said.exit_code == 2
    assert "name no section with it" in said.output


def test_a_section_is_measured_and_told():
    """The memory of a sentinel that was started for it."""
    said = CliRunner().invoke(bench.bench, ["memory"])

    assert said.exit_code == 0, said.output
    assert "memory of the programs together" in said.output
