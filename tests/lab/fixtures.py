"""The laboratory as pytest fixtures: a fresh cabinet for each test that asks.

Raising one takes a quarter second, so no test lives with what another has left.
A test that uses one is marked `lab`. Where no cabinet can be raised it is skipped with the reason,
or fails if the environment says SENTINEL_LAB=required.
"""

import os
from collections.abc import Iterator

import pytest

from tests.lab.cabinet import Cabinet
from tests.lab.conditions import why_not

FIXTURES = {"lab_possible"}  # every cabinet asks for it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever uses the laboratory."""
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab_reason() -> str | None:
    """Why no cabinet can be raised here; asked once."""
    return why_not()


@pytest.fixture
def lab_possible(lab_reason: str | None) -> None:
    """Skips, or fails, where no cabinet can be raised."""
    if lab_reason and os.environ.get("SENTINEL_LAB") == "required":
        pytest.fail(lab_reason)
    if lab_reason:
        pytest.skip(lab_reason)


@pytest.fixture
def cabinet(lab_possible: None) -> Iterator[Cabinet]:
    """A fresh cabinet whose Pi has two cards, `lan0` and `mirror0`."""
    with Cabinet() as raised:
        yield raised


@pytest.fixture
def one_nic_cabinet(lab_possible: None) -> Iterator[Cabinet]:
    """A fresh cabinet whose Pi has one card only, to which the copies come too."""
    with Cabinet(one_nic=True) as raised:
        yield raised
