"""Gives the tests of the laboratory its fixtures; `tests/conftest.py` may give them to all others."""

from tests.lab.fixtures import (
    cabinet,
    lab_possible,
    lab_reason,
    one_nic_cabinet,
    pytest_collection_modifyitems,
)

__all__ = ["cabinet", "lab_possible", "lab_reason", "one_nic_cabinet", "pytest_collection_modifyitems"]
