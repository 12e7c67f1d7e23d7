"""What keeps a row and what is summed: nothing is lost, nothing counted twice, nothing unbounded."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from sentinel.model.connection import Attempts, Connection, ConnectionState, Direction
from sentinel.tracking.halfopen import Attempt, Half
from sentinel.tracking.shares import ALL_TRIES, TRIES
from sentinel.tracking.summing import NETWORKS, REMEMBERED, Summing
from tests.builders import (
    BOX_MAC,
    IMAGING,
    IMAGING6,
    IMAGING_MAC,
    START,
    STRANGER,
    STRANGER6,
    connection,
    dicom,
    mac_bytes,
    moment,
)

ATTEMPTED, REFUSED, ANSWERED, CONNECTED, CLOSED = ConnectionState


def feed(summing: Summing, *told) -> tuple[int, list[Attempts]]:
    """How many kept a row, and the sums that moved."""
    rows = sum(1 for each in told for _ in summing.take(each))
    return rows, [each for some in iter(summing.changed, []) for each in some]


def many(number: int, state: ConnectionState, first: int = 1, **about):
    return [connection(serial=first + each, state=state, **about) for each in range(number)]


@pytest.mark.parametrize(("state", "kept"), [(ANSWERED, 6), (CONNECTED, 9), (CLOSED, 9)])
def test_answered_connections_keep_their_rows_until_the_door_has_had_its_share(state, kept):
    """The rest is counted for the door and the hour."""
    rows, sums = feed(Summing(rows=12), *many(25, state, bytes_in=3, bytes_out=4))

    left = 25 - kept
    assert rows == kept
    (sum_,) = sums
    assert sum_.answered == left
    assert sum_.connected == (0 if state is ANSWERED else left)
    assert (sum_.bytes_in, sum_.bytes_out) == ((3 * left, 4 * left) if state is CLOSED else (0, 0))


def test_a_connection_that_has_a_row_keeps_it():
    """However often it is told, and however full the door has become."""
    summing = Summing(rows=4)
    feed(summing, *many(5, ANSWERED))

    rows, sums = feed(summing, *(connection(serial=1, state=state) for state in (CONNECTED, CLOSED)))

    assert (rows, sums) == (2, [])


def test_a_door_that_is_made_to_answer_still_has_rows_for_a_client_and_for_an_association():
    """A stranger fills an hour with answers under invented names, then with connections of his own."""
    summing = Summing(rows=100)
    rows, _ = feed(summing, *many(1_000, ANSWERED))
    assert rows == 50

    client = [connection(serial=2_000, state=state) for state in (ANSWERED, CONNECTED, CLOSED)]
    assert [bool(list(summing.take(each))) for each in client] == [False, True, True]
    (sum_,) = summing.changed()
    assert (sum_.answered, sum_.connected) == (950, 0)  # of the flood alone

    feed(summing, *many(1_000, CONNECTED, first=3_000))
    talk = [
        connection(serial=5_000, state=CONNECTED),
        connection(serial=5_000, state=CONNECTED, dicom=dicom()),
        connection(serial=5_000, state=CLOSED, dicom=dicom(), bytes_out=9),
    ]
    assert [bool(list(summing.take(each))) for each in talk] == [False, True, True]
    (sum_,) = summing.changed()
    assert (sum_.answered, sum_.connected, sum_.bytes_out) == (950 + 976, 976, 0)


def test_a_connection_that_had_ended_when_it_was_known_to_be_more_stays_counted_too():
    """What was summed of its bytes cannot be told from the others any more: rather once too often."""
    summing = Summing(rows=4)
    feed(summing, *many(3, CLOSED))
    counted = connection(serial=9, state=CLOSED, bytes_out=7)
    feed(summing, counted)

    rows, sums = feed(summing, connection(serial=9, state=CLOSED, bytes_out=7, dicom=dicom()))

    assert (rows, sums) == (1, [])


def test_a_counted_connection_is_counted_once_for_each_thing_it_was():
    """Told answered, connected, closed and closed again: one of each, its bytes once."""
    summing = Summing(rows=0)
    told = [
        connection(state=state, bytes_in=bytes_in, bytes_out=9)
        for state, bytes_in in ((ANSWERED, 0), (CONNECTED, 5), (CONNECTED, 6), (CLOSED, 7), (CLOSED, 7))
    ]

    rows, (sum_,) = feed(summing, *told)

    assert rows == 0
    assert (sum_.answered, sum_.connected, sum_.bytes_in, sum_.bytes_out) == (1, 1, 7, 9)


@pytest.mark.parametrize(("state", "field"), [(ATTEMPTED, "silent"), (REFUSED, "refused")])
def test_what_came_to_nothing_shares_fewer_rows(state, field):
    """By source network, so that one scan cannot fill the store."""
    summing = Summing()
    rows, (sum_,) = feed(summing, *many(TRIES + 44, state))

    assert rows == TRIES
    assert getattr(sum_, field) == 44
    assert sum_.source_network == "203.0.113.0/24"
    assert feed(summing, connection(serial=999, state=state, source=ip_address("198.51.100.1")))[0] == 1


def test_all_attempts_from_everywhere_share_an_upper_limit():
    """A thousand networks at once are a scan too."""
    told = [
        connection(serial=number, state=ATTEMPTED, source=ip_address(0x0B000000 + (number << 8)))
        for number in range(ALL_TRIES + 100)
    ]

    rows, sums = feed(Summing(), *told)

    assert rows == ALL_TRIES
    assert sum(each.silent for each in sums) == 100


def test_sums_are_told_when_they_moved_and_only_then():
    """With growing counts, under the same key."""
    summing = Summing(rows=0)

    _, first = feed(summing, *many(2, ANSWERED))
    _, second = feed(summing)
    _, third = feed(summing, *many(3, ANSWERED, first=10))

    assert [each.answered for each in first] == [2]
    assert second == []
    assert [each.answered for each in third] == [5]
    assert first[0].hour == third[0].hour == START


def test_networks_doors_and_hours_are_summed_apart():
    """Strangers over IPv6 by their /64."""
    later = moment(3_600)
    _, sums = feed(
        Summing(rows=0),
        connection(serial=1, state=ANSWERED),
        connection(serial=2, state=ANSWERED, target_port=104),
        connection(serial=3, state=ANSWERED, source=STRANGER6),
        connection(serial=4, state=ANSWERED, at=later),
    )

    assert {(each.source_network, each.target_port, each.hour.hour) for each in sums} == {
        ("203.0.113.0/24", 4242, 9),
        ("203.0.113.0/24", 104, 9),
        ("2001:db8:bad::/64", 4242, 9),
        ("203.0.113.0/24", 4242, 10),
    }


def test_a_new_hour_gives_every_door_its_share_again():
    """And what was summed before stays told as it was."""
    summing = Summing(rows=4)
    feed(summing, *many(5, ANSWERED))

    rows, sums = feed(summing, *many(5, ANSWERED, first=100, at=moment(3_600)))

    assert rows == 2
    assert [each.answered for each in sums] == [3]


def test_a_clock_set_back_gives_the_shares_again():
    """A sentinel that lived two days ahead must not keep silent for two days."""
    summing = Summing()
    ahead = moment(2 * 86_400)
    feed(summing, *many(TRIES + 1, REFUSED, at=ahead))

    rows, _ = feed(summing, *many(3, REFUSED, first=1_000))

    assert rows == 3


def test_a_connection_opened_an_hour_ago_does_not_turn_the_clock_back():
    """It ends late; the door's share of this hour is still used up."""
    summing = Summing(rows=1)
    feed(summing, *many(3, ANSWERED, first=10, at=moment(7_200)))

    old = connection(serial=1, state=CLOSED, at=moment(), changed=moment(7_300))
    assert feed(summing, old)[0] == 1
    assert feed(summing, *many(1, ANSWERED, first=20, at=moment(7_300)))[0] == 0


def test_what_has_nothing_to_do_with_strangers_always_passes():
    """Internal associations are few and are what the practice does."""
    rows, sums = feed(Summing(rows=0), *many(3, CLOSED, direction=Direction.INTERNAL))

    assert (rows, sums) == (3, [])


def test_sums_are_bounded_and_what_had_no_room_is_counted():
    """A flood of networks must not grow the memory."""
    told = [
        connection(serial=number, state=ANSWERED, source=ip_address(0x0B000000 + (number << 8)))
        for number in range(120)
    ]
    summing = Summing(rows=0, sums=100)

    _, sums = feed(summing, *told)

    assert len(sums) == 100
    assert summing.forgotten == 20


def test_what_is_remembered_of_one_hour_is_bounded():
    """A machine that answers on every port, to everybody, for an hour."""
    summing = Summing(rows=1_000, all_rows=500, sums=5_000)
    told = [
        connection(serial=number, state=ANSWERED, target_port=1 + number % 60_000, source=STRANGER, target=IMAGING)
        for number in range(5_000)
    ]

    rows, sums = feed(summing, *told)

    assert rows == 250
    assert sum(each.answered for each in sums) == 4_750
    assert len(summing._own) <= 500
    assert len(summing._counted) <= REMEMBERED


def test_the_hour_is_utc():
    """Whatever the clock of the wall says in summer."""
    _, (sum_,) = feed(Summing(rows=0), connection(state=ANSWERED, at=moment(1_800)))

    assert sum_.hour == START
    assert sum_.hour.utcoffset() == timedelta(0)


# -- a flood ------------------------------------------------------------------------------------------------------


def flood(number: int, networks: int, target_port: int = 4242) -> list[Attempt]:
    """So many attempts from so many networks, two sources in each, within a second."""
    half = Half(at=moment(1), macs=mac_bytes(IMAGING_MAC) + mac_bytes(BOX_MAC))
    doors = IMAGING.packed + b"\xc3\x50" + target_port.to_bytes(2, "big")
    return [
        ((0x0B000001 + (each % networks << 8) + each % 2).to_bytes(4, "big") + doors, half)
        for each in range(number)
    ]


def tell(way: bytes, half: Half) -> Connection:
    """As the tracker does."""
    return connection(state=ATTEMPTED, source=ip_address(way[:4]), at=half.at)


def test_a_flood_is_rows_while_there_is_room_and_then_sums():
    """Each attempt is in one or the other, and none in both."""
    summing = Summing()

    rows = list(summing.silent(flood(10_000, networks=20), tell))

    sums = summing.changed()
    assert len(rows) == ALL_TRIES
    assert sum(each.silent for each in sums) == 10_000 - ALL_TRIES
    assert {each.source_network for each in sums} == {f"11.0.{number}.0/24" for number in range(20)}
    assert {(each.target, each.target_port, each.target_mac) for each in sums} == {(IMAGING, 4242, IMAGING_MAC)}


def test_a_flood_of_invented_networks_is_summed_as_everywhere():
    """Nobody could read them one by one, and none is forgotten."""
    summing = Summing()

    rows = list(summing.silent(flood(20_000, networks=10_000), tell))

    sums = summing.changed()
    assert len(sums) == NETWORKS + 1
    assert len(rows) + sum(each.silent for each in sums) == 20_000
    (everywhere,) = (each for each in sums if each.source_network == "0.0.0.0/0")
    assert everywhere.silent > 10_000
    assert summing.forgotten == 0


def test_of_many_sums_a_thousand_are_told_in_a_second():
    """A scan of all ports moves one for each; the last are told a minute later, and whole."""
    summing = Summing(rows=0)
    for port in range(1, 2_501):
        feed_one = connection(serial=port, state=ANSWERED, target_port=port)
        assert list(summing.take(feed_one)) == []

    told = [summing.changed() for _ in range(4)]

    assert [len(each) for each in told] == [1_000, 1_000, 500, 0]
    assert len({each.target_port for sums in told for each in sums}) == 2_500


def test_a_flood_over_ipv6_is_summed_by_its_64():
    """Whoever has one has all of its addresses."""
    half = Half(at=moment(1), macs=bytes(12))
    ends = STRANGER6.packed[:8], IMAGING6.packed + b"\xc3\x50\x00\x68"
    summing = Summing()

    rows = list(
        summing.silent([(ends[0] + bytes(7) + bytes((n % 256,)) + ends[1], half) for n in range(1_000)], tell6)
    )

    (sum_,) = summing.changed()
    assert len(rows) == TRIES
    assert (sum_.source_network, sum_.target, sum_.target_port) == ("2001:db8:bad::/64", IMAGING6, 104)
    assert sum_.silent == 1_000 - TRIES


def tell6(way: bytes, half: Half) -> Connection:
    return connection(state=ATTEMPTED, source=ip_address(way[:16]), target=IMAGING6, target_port=104, at=half.at)


# -- across the hour ----------------------------------------------------------------------------------------------


def test_a_sum_of_the_last_hour_never_falls():
    """Attempts that came before the hour are told after it: the sum goes on where it stood."""
    summing = Summing()
    before, after = moment(3_599), moment(3_605)
    half = Half(at=before, macs=bytes(12))
    attempts = [(way, half) for way, _ in flood(2 * ALL_TRIES, networks=20)]
    list(summing.silent(attempts[:ALL_TRIES], tell))
    list(summing.silent(attempts[ALL_TRIES:-1_000], tell))
    first = sum(each.silent for each in summing.changed())

    list(summing.take(connection(serial=9_999, state=REFUSED, at=after)))
    rows = list(summing.silent(attempts[-1_000:], tell))
    told = [each for each in summing.changed() if each.hour == START]

    assert first > 0
    assert len(rows) + sum(each.silent for each in told) >= 1_000
    assert all(each.silent >= first // 20 for each in told)


def test_a_connection_across_the_hour_is_one_row_or_counted_once():
    """It was answered at the end of one hour and closes in the next."""
    row, counted = Summing(rows=1), Summing(rows=0)
    opened, closed = moment(3_590), moment(3_700)
    for summing in (row, counted):
        list(summing.take(connection(serial=1, state=ANSWERED, at=opened)))
        list(summing.take(connection(serial=2, state=ANSWERED, at=closed)))  # the share of the new hour is used up

    told = connection(serial=1, state=CLOSED, at=opened, changed=closed, bytes_out=7)
    assert list(row.take(told)) == [told]
    assert list(counted.take(told)) == []
    (sum_,) = (each for each in counted.changed() if each.hour == START)
    assert (sum_.answered, sum_.connected, sum_.bytes_out) == (1, 1, 7)


# -- what is older than anything remembered -----------------------------------------------------------------------


def test_an_association_older_than_all_that_is_remembered_is_still_told_for_itself():
    """It has its row, and carries images when the hour has no rows left: no sum can tell of images."""
    summing = Summing(all_rows=2, remembered=2)
    later = moment(3_700)
    feed(summing, *many(2, CONNECTED))
    feed(summing, *(connection(serial=number, state=CONNECTED, at=later) for number in (3, 4)))

    images = connection(serial=1, state=CONNECTED, changed=later, bytes_out=40_000_000)
    young = connection(serial=5, state=CONNECTED, at=later)

    assert list(summing.take(images)) == [images]
    assert list(summing.take(young)) == []


def test_what_was_counted_so_long_ago_that_nobody_remembers_is_counted_again():
    """Once too often rather than not at all."""
    summing = Summing(rows=0, remembered=2)
    feed(summing, *many(3, ANSWERED))

    _, (again,) = feed(summing, connection(serial=1, state=CONNECTED))

    assert (again.answered, again.connected) == (4, 1)
