"""Pictures as numbers: where each bar stands, how high it is, and that nothing is written in them."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from sentinel.model.standing import Standing
from sentinel.store.tallies import Tally
from web.pictures import THIN, WIDTH, Lanes, by_day, by_standing, ticks, timeline

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SPAN = (BEGAN, BEGAN + timedelta(hours=10))
PARIS = ZoneInfo("Europe/Paris")


def hour(hours: float) -> datetime:
    return BEGAN + timedelta(hours=hours)


def drawn(svg: str, kind: str) -> list[tuple[float, float, float, float]]:
    """The bars of one kind: left edge, top, width, height."""
    path = re.search(rf'<path class="{kind}" d="([^"]*)"/>', svg)
    found = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", path[1] if path else "")
    return [tuple(map(float, each)) for each in found]


def lanes(**more: object) -> Lanes:
    return Lanes(**{"levels": (), "outside": (), "visits": (), "deeds": (), **more})


def test_a_level_lasts_until_the_next_and_a_milder_fact_takes_nothing_from_it():
    """Only the end of a story makes its band green."""
    told = [(hour(0), "attention"), (hour(2), "alarm"), (hour(4), "attention"), (hour(8), "calm")]
    svg = timeline(lanes(levels=told), SPAN, "")

    [(left, _, width, _)] = drawn(svg, "at-attention")
    assert (left, round(width)) == (0, round((WIDTH - THIN) * 0.2))
    reds = drawn(svg, "at-alarm")
    assert [round(left) for left, *_ in reds] == [199, 398]
    assert round(reds[-1][0] + reds[-1][2]) == round((WIDTH - THIN) * 0.8)
    assert len(drawn(svg, "at-calm")) == 1


def test_an_open_door_is_a_high_bar_and_a_shut_one_a_low_one():
    """Told by height before colour."""
    svg = timeline(lanes(outside=[(hour(5), "open"), (hour(6), "shut"), (hour(7), "doubt")]), SPAN, "")

    [(_, _, _, high)], [(_, _, _, low)] = drawn(svg, "seen-open"), drawn(svg, "seen-shut")
    assert high > 2.5 * low
    assert len(drawn(svg, "seen-doubt")) == 1


def test_each_part_in_which_somebody_came_is_marked():
    """And none else."""
    svg = timeline(lanes(visits=[False, True, False, True]), SPAN, "")

    assert [left for left, *_ in drawn(svg, "visit")] == [250, 750]


def test_what_happened_beyond_the_edges_stands_at_the_edge():
    """A mark is never outside of the picture."""
    svg = timeline(lanes(deeds=[(hour(-5), "shown"), (hour(50), "closed")]), SPAN, "")

    assert [left for left, *_ in drawn(svg, "deed deed-shown")] == [0]
    [(left, _, width, _)] = drawn(svg, "deed deed-closed")
    assert left + width <= WIDTH


def test_a_picture_has_a_text_and_no_style_of_its_own():
    """The policy of the page allows none; and what is said beside it is escaped."""
    svg = timeline(lanes(levels=[(hour(0), "alarm")]), SPAN, 'what "happened" <b>')

    assert 'role="img" aria-label="what &#34;happened&#34; &lt;b&gt;"' in svg
    assert "style" not in svg
    assert "<text" not in svg


def test_ticks_stand_at_equal_distances_from_edge_to_edge():
    """Five of them."""
    found = ticks(SPAN)

    assert (found[0], found[-1], len(found)) == (*SPAN, 5)
    assert {later - sooner for sooner, later in pairwise(found)} == {timedelta(hours=2.5)}


def tally(hours: float, count: int, standing: Standing = Standing.STRANGER) -> Tally:
    return Tally(at=hour(hours), standing=standing, count=count)


def test_one_stranger_is_seen_beside_thousands_of_ours():
    """Everybody has a scale of their own, and one is never too small to be seen."""
    counted = [tally(1, 1), tally(2, 1000), tally(1, 90_000, Standing.INSIDE)]
    [stranger, inside] = by_standing(counted, SPAN, PARIS, daily=False)

    small, large = drawn(stranger.svg, "bar-stranger")
    assert (small[3], large[3]) == (8, 100)
    assert (stranger.total, stranger.most, stranger.most_at) == (1001, 1000, hour(2))
    assert drawn(inside.svg, "bar-inside")[0][3] == 100


def test_hours_stand_where_they_belong():
    """Ten hours and the one that runs: eleven places."""
    [row] = by_standing([tally(0, 1), tally(10, 1)], SPAN, PARIS, daily=False)

    [(first, *_), (last, *_)] = drawn(row.svg, "bar-stranger")
    assert (first, round(last)) == (0, round(WIDTH * 10 / 11))


@pytest.mark.parametrize(
    ("began", "days"), [(datetime(2026, 10, 23, 22, tzinfo=UTC), 4), (datetime(2026, 3, 27, 23, tzinfo=UTC), 4)]
)
def test_a_day_of_23_or_25_hours_is_one_day(began, days):
    """The nights the clocks change, in October and in March."""
    span = (began, began + timedelta(days=3, hours=2))
    hours = [Tally(at=began + timedelta(hours=each), standing=Standing.STRANGER, count=1) for each in range(72)]
    [row] = by_standing(hours, span, PARIS, daily=True)

    assert 3 <= len(drawn(row.svg, "bar-stranger")) <= days
    assert row.total == 72
    assert sum(sum(each.values()) for each in by_day(hours, PARIS).values()) == 72


def test_days_are_the_practice_s_own_newest_first():
    """An hour before midnight of Greenwich is tomorrow in Paris."""
    late = Tally(at=datetime(2026, 11, 22, 23, tzinfo=UTC), standing=Standing.BOX, count=7)

    days = by_day([tally(1, 2), late], PARIS)

    assert [(day.day, dict(counts)) for day, counts in days.items()] == [
        (23, {Standing.BOX: 7}),
        (22, {Standing.STRANGER: 2}),
    ]
