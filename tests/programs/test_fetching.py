"""An update comes by https from one host, bounded in size and time, and goes nowhere else."""

from collections.abc import Iterator

import pytest

from sentinel.errors import MissingDevice, NotReadable
from sentinel.programs.fetching import Source, small
from tests.programs.shelves import Shelf, serving


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    with serving(tmp_path) as shelf:
        yield shelf


def whole(source: Source, name: str) -> bytes:
    held = b""
    with source.opened(name) as stream:
        while piece := stream.read(1000):
            held += piece
    return held


def test_a_file_comes_whole_and_in_pieces(shelf):
    """A small one at once."""
    shelf.files = {"long": bytes(range(256)) * 99, "small": b"x" * 64}

    assert whole(shelf.source(), "long") == shelf.files["long"]
    assert small(shelf.source(), "small", 64) == b"x" * 64
    assert shelf.asked == ["/releases/long", "/releases/small"]


def test_a_small_file_that_is_large_is_refused(shelf):
    """Before it fills the memory."""
    shelf.files = {"latest.json": b"x" * 65}

    with pytest.raises(NotReadable, match="larger than 64 bytes"):
        small(shelf.source(), "latest.json", 64)


def test_the_same_host_may_lead_on(shelf):
    """To where the file lies today."""
    shelf.files, shelf.leads = {"v2/file": b"here"}, {"file": "/releases/v2/file"}

    assert whole(shelf.source(), "file") == b"here"


@pytest.mark.parametrize("to", ["https://192.0.2.1/file", "http://127.0.0.1/file", "//other.example/file"])
def test_nobody_leads_to_another_host(shelf, to):
    """Nor out of TLS; nothing is asked there."""
    shelf.leads = {"file": to}

    with pytest.raises(MissingDevice, match="leads to another host"):
        shelf.source().opened("file")


def test_a_circle_is_left(shelf):
    """After three."""
    shelf.leads = {"file": "/releases/file"}

    with pytest.raises(MissingDevice, match="leads from one place to the next"):
        shelf.source().opened("file")
    assert len(shelf.asked) == 3


def test_what_is_not_there_or_stops_is_said(shelf):
    """In one sentence each."""
    with pytest.raises(MissingDevice, match="answers 404"):
        shelf.source().opened("file")

    shelf.files, shelf.cut = {"file": bytes(5000)}, 2000
    with pytest.raises(MissingDevice, match="stopped coming"):
        whole(shelf.source(), "file")


def test_a_host_nobody_vouches_for_is_not_heard(shelf):
    """Its certificate is looked at as everywhere."""
    shelf.files = {"file": b"x"}

    with pytest.raises(MissingDevice, match=r"cannot be reached: .*certificate"):
        Source(shelf.address).opened("file")
    assert shelf.asked == []


def test_a_host_that_is_not_there_is_said():
    """The line is down tonight."""
    with pytest.raises(MissingDevice, match="cannot be reached"):
        Source("https://127.0.0.1:1/releases").opened("file")


def test_what_takes_too_long_is_left(shelf):
    """A byte now and then would hold the update for ever."""
    shelf.files = {"file": bytes(5000)}
    stream = shelf.source(longest=-1).opened("file")

    with stream, pytest.raises(MissingDevice, match="takes too long"):
        stream.read(100)


def test_plain_http_is_not_asked():
    """The configuration refuses it already; so does whoever asks."""
    with pytest.raises(MissingDevice, match="is not https"):
        Source("http://127.0.0.1/releases").opened("file")
