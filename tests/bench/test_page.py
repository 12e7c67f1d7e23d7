"""The bench of the pages, over a small store: every page is visited, and none is heavier than promised."""

from tests.bench import page


def test_every_page_is_visited_and_stays_below_its_size(tmp_path):
    """Over 3,000 connections and 120 incidents; how fast, only a quiet machine can say."""
    took, size, purged = page.measure(tmp_path, connections=3_000, incidents=120)

    assert not size.missed, size
    assert took.value < 5_000
    assert len(took.parts) == 6
    assert 0 < purged.value < 5_000
