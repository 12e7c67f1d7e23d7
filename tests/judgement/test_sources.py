"""Who came how often: true in a flood, and bounded."""

from ipaddress import ip_address

from sentinel.judgement.casebook import Casebook
from sentinel.judgement.sources import Sources
from sentinel.model.finding import Finding, Story, StoryKind
from sentinel.model.incident import Incident
from tests.builders import finding, incident, moment


def visit(number: int, *, at: float = 0, port: int = 4242, count: int = 1) -> Finding:
    story = Story(kind=StoryKind.DOOR, about="x", port=port, family=4)
    source = ip_address(0xCB007100 + number)
    return finding(story=story, source=source, at=moment(at), count=count)


def told(*findings: Finding, known: Incident | None = None) -> Incident:
    book = Casebook([known] if known else [])
    for each in findings:
        book.take(each)
    (only,) = book.told()
    return only


def test_ten_thousand_visits_of_five_hundred_sources_are_one_story():
    """With first and last, the most frequent by name, and a count of the others that is exact."""
    visits = [visit(n % 499, at=n) for n in range(9_000)] + [visit(499, at=9_000 + n) for n in range(1_000)]
    story = told(*visits)

    assert (story.number, story.count, story.first, story.last) == (1, 10_000, moment(0), moment(9_999))
    assert story.last_visit == moment(9_999)
    assert story.sources[0] == (str(ip_address(0xCB007100 + 499)), 1_000)  # who came last came most often
    assert (len(story.sources), story.other_sources) == (20, 480)


def test_what_is_counted_is_never_too_much_after_a_restart():
    """Those that were not named are counted anew; the number of others never falls."""
    before = told(*(visit(n) for n in range(30)))
    after = told(visit(40), visit(41), known=before)

    assert (before.other_sources, after.other_sources) == (10, 10)
    assert sum(times for _, times in after.sources) <= after.count == 32


def test_a_finding_that_repeats_a_visit_counts_nobody():
    """Neither does one without a source."""
    tally = Sources()
    known = incident(sources=(("203.0.113.7", 3),), other_sources=2)

    assert tally.count(known, visit(1, count=0)) == (known.sources, 2)
    assert tally.count(known, finding(source=None)) == (known.sources, 2)


def test_a_flood_of_sources_takes_no_more_memory_than_was_set_aside():
    """One story counts so many, all of them together so many; what is told stays a lower bound."""
    tally = Sources(most=50, of_all=120)
    for port in range(1, 11):
        known: Incident | None = None
        for number in range(100):
            named, others = tally.count(known, visit(number, port=port))
            known = incident(sources=named, other_sources=others)
        assert (len(named), others) == (20, 30)

    assert tally._size <= 120
    assert tally._size == sum(map(len, tally._tallies.values()))
