"""One cell of an echo's report: a port is a port."""

import pytest

from tests.builders import exposure


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_is_none_is_refused(port):
    """Nothing can be open there."""
    with pytest.raises(ValueError, match="1-65535"):
        exposure(port=port)


@pytest.mark.parametrize("port", [1, 65_535])
def test_every_port_is_one(port):
    """The first and the last too."""
    assert exposure(port=port).port == port
