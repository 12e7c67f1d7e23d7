"""Connections by either way, and who makes room for whom."""

from sentinel.model.connection import ConnectionState, Direction
from sentinel.model.packet import turned
from sentinel.tracking.flow import Flow, Rank, Side
from sentinel.tracking.table import Table
from tests.builders import moment

TRIED, OVER, ANSWERED, REAL = Rank
STATES = {
    TRIED: ConnectionState.ATTEMPTED,
    OVER: ConnectionState.CLOSED,
    ANSWERED: ConnectionState.ANSWERED,
    REAL: ConnectionState.CONNECTED,
}


def flow(number: int, rank: Rank = REAL) -> Flow:
    """From a port of its own."""
    way = bytes((203, 0, 113, 7, 192, 168, 1, 66)) + number.to_bytes(2, "big") + b"\x00\x68"
    return Flow(
        serial=number,
        way=way,
        back=turned(way),
        macs=bytes(12),
        vlan=None,
        direction=Direction.INBOUND,
        opened=moment(),
        changed=moment(),
        seen=moment(),
        state=STATES[rank],
        over=rank is OVER,
        client=Side(),
        server=Side(),
    )


def filled(*ranks: Rank, most: int) -> Table:
    """One of each, in this order."""
    table = Table(most)
    for number, rank in enumerate(ranks, 1):
        table.keep(flow(number, rank))
    return table


def serials(table: Table) -> set[int]:
    return {each.serial for each in table}


def test_a_flow_is_found_by_both_its_ways_until_it_is_dropped():
    """And what is known of many ways is known at once."""
    table, one = Table(), flow(1)
    table.keep(one)

    assert table.find(one.way) is table.find(one.back) is one
    assert table.known({one.way, one.back, bytes(12)}) == {one.way, one.back}
    table.drop(one)
    assert table.find(one.way) is table.find(one.back) is None
    assert (len(table), table.forgotten) == (0, 0)


def test_the_least_makes_room_first_and_of_equals_the_oldest():
    """What is over was told already and counts as nothing forgotten."""
    table = filled(REAL, ANSWERED, OVER, TRIED, ANSWERED, most=5)
    gone = []
    for number in range(10, 15):
        before = serials(table)
        table.keep(flow(number))
        gone += before - serials(table)

    assert gone == [4, 3, 2, 5, 1]
    assert table.forgotten == 4


def test_a_newcomer_that_is_worth_less_than_all_others_finds_no_room():
    """A stranger's data to nobody pushes out no door that answered."""
    table = filled(ANSWERED, REAL, most=2)

    table.keep(flow(9, TRIED))

    assert serials(table) == {1, 2}
    assert table.forgotten == 1


def test_a_flow_is_filed_anew_when_it_has_become_something_else():
    """One that was answered and is real now stays where others go."""
    table, one = Table(2), flow(1, ANSWERED)
    table.keep(one)
    table.keep(flow(2, ANSWERED))
    one.state = ConnectionState.CONNECTED
    table.keep(one)

    table.keep(flow(3, ANSWERED))

    assert serials(table) == {1, 3}


def test_a_packet_from_a_port_to_itself_is_one_way_only():
    """Somebody's joke (CVE-1997-0016): both its ways are the same."""
    table, joke = Table(), flow(1)
    joke.back = joke.way
    table.keep(joke)
    table.drop(joke)

    assert table.find(joke.way) is None
