"""Levels and grades: their order is their meaning."""

from sentinel.model.finding import Grade, Level


def test_alarm_outranks_unsure_which_outranks_attention_which_outranks_calm():
    """The verdict is the highest that applies."""
    assert sorted(Level, reverse=True) == [Level.ALARM, Level.UNSURE, Level.ATTENTION, Level.CALM, Level.NOTE]


def test_the_ladder_of_evidence_is_climbed_in_order():
    """From a knock nobody answered to images that left."""
    assert [each.word for each in sorted(Grade)] == [
        "scanned",
        "refused",
        "answered",
        "reachable",
        "connected",
        "associated",
        "queried",
        "images_left",
    ]


def test_no_grade_counts_as_nothing():
    """Code compares `grade or 0`."""
    assert all(Grade)
