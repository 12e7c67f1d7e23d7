"""The matrix: each door once, the worst first; what is too old proves nothing; one honest line above it all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from furnished import MAC, MACHINE, NOW, PUBLIC

from sentinel.model.exposure import Answer, Application, CellVerdict, Kind, PortList
from sentinel.services import DOOR_TEST_PORT, port_list
from sentinel.store.listed import Cell, LastCheck
from web.matrix import MARKS, NEVER, NOT_ASKED, Mark, Matrix, Terms, matrix

FULL = port_list(PortList.FULL)


def column(family: int = 4, echo: str = "A", **more: object) -> LastCheck:
    """The last attempt with one echo over one family."""
    facts = {
        "number": 1,
        "echo": echo,
        "family": family,
        "ports": "imaging-v1",
        "outcome": "checked",
        "address": PUBLIC[family],
        "tested": 48,
        "asked": NOW,
        "at": NOW,
        "check": f"{echo}{family}",
        "host": f"{echo.lower()}.example",
    }
    return LastCheck(**{**facts, **more})


def cell(port: int, verdict: str = "not_seen", family: int = 4, echo: str = "A", **more: object) -> Cell:
    """One door, four minutes ago."""
    facts = {
        "address": PUBLIC[family],
        "port": port,
        "reach": "filtered",
        "why": "timeout",
        "verdict": verdict,
        "at": NOW - timedelta(minutes=4),
        "machine": None,
        "mac": None,
        "inside_port": None,
        "echo": echo,
        "family": family,
        "check": f"{echo}{family}",
        "app": None,
    }
    return Cell(**{**facts, **more})


def drawn(*cells: Cell, columns: tuple[LastCheck, ...] = (column(),), terms: Terms | None = None) -> Matrix:
    """The full list closed, but for these cells."""
    told = {(each.echo, each.family, each.port) for each in cells}
    closed = [
        cell(port, family=each.family, echo=each.echo)
        for each in columns
        for port in FULL
        if (each.echo, each.family, port) not in told
    ]
    return matrix([*cells, *closed], columns, terms or Terms(), NOW)


def test_everything_closed_is_one_row_and_calm():
    """48 doors, one echo, four minutes ago."""
    made = drawn()

    [row] = made.rows
    assert row.ports == FULL
    assert (row.mark, row.places[0].whys) == (Mark.CALM, (("timeout", 48),))
    said = made.summary
    assert (said.mark, said.doors, said.opened, said.unsure, said.echoes) == (Mark.CALM, 48, 0, 0, 1)
    assert said.newest == said.oldest == NOW - timedelta(minutes=4)


def test_the_worst_come_first_then_by_number_and_the_closed_ones_last_together():
    """Whoever looks for five seconds sees the open door."""
    made = drawn(
        cell(443, "box_answers", reach="open"),
        cell(3389, "exposed", reach="open"),
        cell(104, "exposed", reach="open"),
        cell(1194, "expected", reach="open"),
        cell(4242, "contradicted"),
        cell(8042, "dormant"),
        terms=Terms(expect_open=(1194,)),
    )

    assert [row.ports[0] for row in made.rows[:-1]] == [104, 3389, 4242, 8042, 443, 1194]
    assert len(made.rows[-1].ports) == 48 - 5
    assert (made.summary.mark, made.summary.opened, made.summary.expected) == (Mark.ALARM, 3, 1)
    assert (made.summary.doors, made.summary.unsure) == (47, 2)


@pytest.mark.parametrize(
    ("port", "hours", "aged"), [(104, 2.9, False), (104, 3.1, True), (443, 3.1, False), (443, 12.1, True)]
)
def test_an_answer_counts_as_long_as_the_verdict_lets_it(port, hours, aged):
    """Three hours for the hourly list, twelve for the rest; after that it is not calm and not counted."""
    made = drawn(cell(port, at=NOW - timedelta(hours=hours)))

    [row] = [row for row in made.rows if port in row.ports]
    assert row.places[0].aged is aged
    assert (row.mark, made.summary.mark) == ((Mark.UNSURE, Mark.UNSURE) if aged else (Mark.CALM, Mark.CALM))
    assert (made.summary.doors, made.summary.unsure) == ((47, 1) if aged else (48, 0))


def test_a_door_to_a_device_that_is_off_is_neither_open_nor_closed():
    """Not even if another echo found it closed: nobody could have answered. Its way in is told all the same."""
    made = drawn(
        cell(8042, "dormant", echo="other"), cell(8042, "not_seen"), columns=(column(), column(echo="other"))
    )

    [row] = [row for row in made.rows if 8042 in row.ports]
    assert (row.mark, row.ports, len(row.ways)) == (Mark.UNSURE, (8042,), 1)
    assert (made.summary.mark, made.summary.opened, made.summary.unsure) == (Mark.UNSURE, 0, 1)


def test_an_old_open_door_stays_open():
    """Only proof ends an alarm, and never age."""
    made = drawn(cell(104, "exposed", reach="open", at=NOW - timedelta(days=2)))

    assert (made.rows[0].mark, made.rows[0].places[0].aged) == (Mark.ALARM, True)
    assert (made.summary.mark, made.summary.opened) == (Mark.ALARM, 1)


def test_a_word_on_an_address_we_had_before_proves_nothing():
    """The box was given another: whoever has the old one now is not us."""
    made = drawn(columns=(column(address="25.0.0.77"),))

    assert made.rows[0].places[0].elsewhere
    assert (made.summary.mark, made.summary.doors, made.summary.unsure) == (Mark.UNSURE, 0, 48)


def test_a_family_that_never_answered_is_not_calm():
    """IPv6 was asked about in vain: what is closed over IPv4 is half an answer."""
    columns = (column(4), column(6, outcome="unreachable", address=None, check=None))
    made = matrix([cell(port) for port in FULL], columns, Terms(), NOW)

    assert [place.verdict for place in made.rows[0].places] == ["not_seen", NEVER]
    assert (made.summary.mark, made.summary.doors, made.summary.unsure) == (Mark.UNSURE, 0, 48)


def test_an_address_that_is_not_ours_counts_as_closed():
    """And is shown as what it is; the other family still has to answer for itself."""
    columns = (column(4, outcome="not_ours", address=None, check=None), column(6))
    made = drawn(columns=columns)

    assert [place.verdict for place in made.rows[0].places] == ["not_ours", "not_seen"]
    assert (made.summary.mark, made.summary.doors) == (Mark.CALM, 48)

    aged = [cell(port, family=6, at=NOW - timedelta(days=1)) for port in FULL]
    assert drawn(*aged, columns=columns).summary.mark is Mark.UNSURE


def test_a_second_echo_that_is_silent_takes_nothing_from_the_first():
    """Its column is old; the other's answers stand, and one echo is said to have given them."""
    columns = (column(), column(echo="B"))
    late = [cell(port, echo="B", at=NOW - timedelta(days=1)) for port in FULL]
    made = drawn(*late, columns=columns)

    assert (made.summary.mark, made.summary.doors, made.summary.echoes) == (Mark.CALM, 48, 1)
    assert [place.mark for place in made.rows[0].places] == [Mark.CALM, Mark.UNSURE]


def test_an_echo_that_sees_more_than_the_other_is_believed():
    """Open for one is open; a door contradicted at one is not known from the other."""
    columns = (column(), column(echo="B"))

    opened = drawn(cell(104, "exposed", echo="B", reach="open"), columns=columns)
    doubted = drawn(cell(104, "contradicted", echo="B"), columns=columns)

    assert (opened.summary.mark, opened.summary.opened) == (Mark.ALARM, 1)
    assert (doubted.summary.mark, doubted.summary.unsure) == (Mark.UNSURE, 1)


def test_an_echo_that_never_answered_has_no_column():
    """It is told of beside the matrix; without any other there is none."""
    made = matrix([cell(104)], (column(), column(echo="B", check=None)), Terms(), NOW)
    assert [each.echo for each in made.columns] == ["A"]

    nothing = matrix([], (column(check=None),), Terms(), NOW)
    assert (nothing.columns, nothing.rows, nothing.summary.mark) == ((), (), Mark.UNSURE)


def test_a_door_is_only_awaited_where_it_is_asked_about():
    """A declared forward is an IPv4 thing, the sentinel's own listener an IPv6 one."""
    door_test = cell(DOOR_TEST_PORT, family=6)
    made = drawn(
        door_test,
        cell(1194, "expected", reach="open"),
        columns=(column(4), column(6)),
        terms=Terms(expect_open=(1194,), extra_ports=(9000,)),
    )

    said = {port: [place.verdict for place in row.places] for row in made.rows for port in row.ports}
    assert said[1194] == ["expected", NOT_ASKED]
    assert said[DOOR_TEST_PORT] == [NOT_ASKED, "not_seen"]
    assert said[9000] == [NEVER, NEVER]
    assert (made.summary.doors, made.summary.unsure) == (50, 1)


def test_an_open_web_page_is_red_only_once_it_is_known():
    """Imaging or storage behind it; else it is worth a look (design, section 3)."""
    page = Application(kind=Kind.HTTP)
    orthanc = replace(page, product="orthanc")
    dicom = Application(kind=Kind.DICOM, answer=Answer.ACCEPTED)

    marks = [
        drawn(cell(8080, "exposed", reach="open", app=app)).rows[0].mark for app in (None, page, orthanc, dicom)
    ]

    assert marks == [Mark.ATTENTION, Mark.ATTENTION, Mark.ALARM, Mark.ALARM]
    moved = cell(8080, "exposed", reach="open", machine=MACHINE, mac=MAC, inside_port=4242)
    assert drawn(moved).rows[0].mark is Mark.ALARM, "the machine's own port decides"


def test_each_way_in_is_told_once():
    """The other echo, whose knock was not seen, adds nothing; the other family does."""
    named = {"machine": MACHINE, "mac": MAC, "inside_port": 4242, "reach": "open"}
    columns = (column(4), column(4, "B"), column(6))
    made = drawn(
        cell(11112, "exposed", **named),
        cell(11112, "exposed", echo="B", reach="open"),
        cell(11112, "exposed", family=6, reach="open"),
        columns=columns,
    )

    assert [(each.family, each.machine) for each in made.rows[0].ways] == [(4, MACHINE), (6, None)]


def test_when_everything_answers_there_are_few_rows():
    """A box in DMZ mode answers at 48 doors: one row, and worth attention."""
    made = drawn(*(cell(port, "open_all", reach="open", why="synack") for port in FULL))

    [row] = made.rows
    assert (row.mark, len(row.ports), made.summary.opened) == (Mark.ATTENTION, 48, 48)


def test_what_a_later_release_wrote_is_shown_and_is_not_calm():
    """A word that is not known proves nothing."""
    made = drawn(cell(104, "later"))

    [row] = [row for row in made.rows if 104 in row.ports]
    assert (row.places[0].verdict, row.mark, made.summary.unsure) == ("later", Mark.UNSURE, 1)


def test_every_verdict_has_its_mark():
    """And the two that say nothing are never calm."""
    assert set(MARKS) == set(CellVerdict)
    assert (
        MARKS[CellVerdict.UNKNOWN] is MARKS[CellVerdict.CONTRADICTED] is MARKS[CellVerdict.DORMANT] is Mark.UNSURE
    )
