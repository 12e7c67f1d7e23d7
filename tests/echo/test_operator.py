"""The operator's commands, on the folder of a real echo."""

import os
import re
from datetime import timedelta
from ipaddress import ip_address

import click
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.dsse import key_id
from sentinel.echo import operator
from sentinel.echo.__main__ import cli
from sentinel.echo.books import open_books
from sentinel.echo.identity import identity
from sentinel.echo.operator import make_invitation, read_duration
from sentinel.errors import ConfigurationError
from tests.echo.running import Caller, RunningEcho

NOBODY = 65_534


@pytest.fixture
def folder(tmp_path):
    """Of an echo that was started once."""
    open_books(tmp_path, identity(tmp_path, "echo.example.org").secret).book.settle("echo.example.org", 443)
    return tmp_path


@pytest.fixture
def book(folder):
    return open_books(folder, identity(folder, "").secret).book


def enrolled(book, alias, ago):
    """A key that was enrolled so long ago."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    at = operator.now().wall.timestamp() - ago.total_seconds()
    book.invite(alias, alias, at + 60)
    book.enrol(alias, public, at)
    return key_id(public)


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_the_silent_are_listed_and_cron_is_told(folder, book):
    """One line each, exit status 1; nobody silent: nothing to read and 0."""
    quiet, loud = enrolled(book, "Dr. A", timedelta(hours=30)), enrolled(book, "Dr. B", timedelta(hours=30))
    book.heard(loud, "0.3.1", operator.now().wall.timestamp() - 3600)

    said = run("keys", "--dir", folder, "--silent", "26h")
    assert (said.exit_code, said.output.count("\n")) == (1, 1)
    assert re.match(rf"Dr\. A +{quiet}  first 20.* last never", said.output)
    assert "Dr. B" in run("keys", "--dir", folder).output

    assert run("revoke", "--dir", folder, "Dr. A").exit_code == 0
    said = run("keys", "--dir", folder, "--silent", "26h")
    assert (said.exit_code, said.output) == (0, "")


def test_a_key_is_listed_with_the_version_it_names(running, key, tmp_path):
    """As it came in its last question."""
    with Caller(running, key) as caller:
        caller.plan(version="0.3.1")

    listed = run("keys", "--dir", running.settings.folder).output
    assert re.search(r"last 20\S+ \S+  0\.3\.1 +1 checks", listed)


def test_an_alias_is_changed(folder, book):
    """And a name nobody has is an error."""
    enrolled(book, "Dr. A", timedelta(0))

    assert run("alias", "--dir", folder, "Dr. A", "Cabinet du port").output == "1 renamed\n"
    assert book.everybody()[0].alias == "Cabinet du port"
    assert run("alias", "--dir", folder, "Dr. A", "x").exit_code == 1
    assert run("revoke", "--dir", folder, "Dr. A").exit_code == 1


def test_an_invitation_is_shown_as_a_square_and_as_text(folder):
    """The text is the last line, to be copied; the square holds the same."""
    said = run("invite", "--dir", folder, "--alias", "Dr. A", "--qr").output
    *drawn, text = said.rstrip("\n").split("\n")

    assert text.startswith("sentinel-echo://echo.example.org/?k=ed25519:")
    assert "\n".join(drawn).strip() == operator.square(text).strip()
    assert len(drawn) < 40
    assert set("".join(drawn)) <= set(" \u2580\u2584\u2588\x1b[0123456789;m")


def test_whoever_knew_the_next_key_trusts_the_echo_after_a_rotation(tmp_path):
    """The plan of the one teaches the next of the other; quotas and opt-outs stay."""
    key, home = Ed25519PrivateKey.generate(), ip_address("127.0.0.1")
    with RunningEcho(tmp_path) as running:
        running.know(key)
        with Caller(running, key) as caller:
            before = caller.plan().keys
        running.echo.books.optouts.add(home, "operator", 0)
    said = run("rotate", "--dir", tmp_path).output
    with RunningEcho(tmp_path) as running:
        assert running.echo.books.optouts.covers(home)
        running.echo.books.optouts.remove(home)
        with Caller(running, key) as caller:
            status, body = caller.check()
        after = running.echo.identity

    assert said == f"{key_id(before[0])} is replaced by {key_id(before[1])}: restart the echo now\n"
    assert status == 200
    assert key_id(before[1]).encode() in body
    assert after.public_keys[0] == before[1]
    assert after.public_keys[1] not in before


def test_opt_outs_are_added_listed_and_removed(folder):
    """By the operator, for whoever wrote a mail."""
    assert run("optout", "add", "--dir", folder, "192.0.2.7").exit_code == 0
    assert run("optout", "add", "--dir", folder, "2001:db8:1:2::7").exit_code == 0

    listed = run("optout", "list", "--dir", folder).output
    assert re.fullmatch(
        r"192\.0\.2\.0/24 +20\S+ \S+  by the operator\n2001:db8:1::/48 +20.*by the operator\n", listed
    )
    assert run("optout", "remove", "--dir", folder, "192.0.2.7").exit_code == 0
    assert run("optout", "remove", "--dir", folder, "192.0.2.7").exit_code == 1
    assert run("optout", "add", "--dir", folder, "nobody").exit_code == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for another")
def test_root_makes_no_file_the_echo_could_not_read(folder):
    """On a server the folder belongs to the echo's own user."""
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    assert run("rotate", "--dir", folder).exit_code == 0
    assert run("invite", "--dir", folder).exit_code == 0

    assert {path.stat().st_uid for path in folder.iterdir()} == {NOBODY}


def test_an_invitation_needs_an_echo(tmp_path):
    """Its name is learnt at the first start."""
    with pytest.raises(ConfigurationError, match="start it once"):
        make_invitation(tmp_path, "", timedelta(days=1))


@pytest.mark.parametrize(("text", "lasts"), [("7d", timedelta(days=7)), ("12h", timedelta(hours=12))])
def test_a_duration_is_read(text, lasts):
    """Days, hours or minutes."""
    assert read_duration(text) == lasts


@pytest.mark.parametrize("text", ["", "7", "d", "7w", "-1d", "99999d"])
def test_what_is_no_duration_is_said(text):
    """With an example."""
    with pytest.raises(click.BadParameter, match="as in 7d"):
        read_duration(text)
