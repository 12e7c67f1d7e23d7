"""The job that reads the box: one fact a look, a log line a change, and its ports before the doubt."""

from collections.abc import Mapping
from ipaddress import ip_address

from sentinel.model.box import Reading
from sentinel.programs.looking import Looking, gateway_of
from tests.builders import moment
from tests.reach.fakebox import ADDRESS, FakeBox, entry


def test_a_look_is_one_fact_and_its_ports_are_known_before_it_is_posted(caplog):
    asked: list[Mapping[int, int]] = []
    looking = Looking(lambda: (ip_address("fe80::1"), ADDRESS), asked.append, moment)
    caplog.set_level("INFO")
    with FakeBox().is_honest(entry(40_104, 104), entry(8022, 22)).up():
        look = looking.work()
        [fact] = [next(look)]
        assert asked == [{8022: 22, 40_104: 104}]
        assert list(look) == []
        assert [each.reading for each in looking.work()] == [Reading.READ]

    assert (fact.reading, fact.gateway, fact.at) == (Reading.READ, ADDRESS, moment())
    assert caplog.messages == [f"the box {ADDRESS} was asked from inside: read, 2 mappings"]


def test_without_a_box_nothing_is_asked():
    asked: list[Mapping[int, int]] = []

    assert list(Looking(lambda: (), asked.append, moment).work()) == []
    assert asked == []
    assert gateway_of((ip_address("fe80::1"),)) is None
