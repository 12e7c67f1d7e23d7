import re
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel.echo.__main__ import cli
from sentinel.reach.enrol import enrol, read_invitation
from tests.echo.running import RunningEcho, free_port


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_an_echo_is_served_invites_and_lists(tmp_path):
    """As an operator does it: another process, its own folder, and a stop that is clean."""
    port = free_port()
    command = [sys.executable, "-W", "error", "-m", "sentinel.echo", "serve", "--dir", tmp_path / "echo"]
    served = subprocess.Popen(
        [*command, "--listen", f"127.0.0.1:{port}", "--name", "127.0.0.1", "--lab"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "answers as ed25519:" in served.stderr.readline()
        invitation = run("invite", "--dir", tmp_path / "echo", "--alias", "Dr. A").output.strip()
        echo = enrol(read_invitation(invitation), Ed25519PrivateKey.generate())
        listed = run("keys", "--dir", tmp_path / "echo").output
        revoked = run("revoke", "--dir", tmp_path / "echo", "Dr. A").output
    finally:
        served.send_signal(signal.SIGTERM)
        rest = served.communicate(timeout=10)[1]

    assert re.fullmatch(
        rf"sentinel-echo://127\.0\.0\.1:{port}/\?k=ed25519:[a-z2-7]{{16}}&c=[a-z2-7]{{16}}", invitation
    )
    assert echo.port == port
    assert re.match(r"Dr\. A +ed25519:\S+  first 20\S+ \S+  last never  - +0 checks", listed)
    assert revoked == "1 revoked\n"
    assert served.returncode == 0
    assert "Traceback" not in rest


def test_an_ipv6_host_is_written_in_brackets(tmp_path):
    """As in any address of the web."""
    with RunningEcho(tmp_path, "::1") as running:
        assert running.invitation().startswith(f"sentinel-echo://[::1]:{running.port}/?k=")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--listen", "nowhere"),
        ("--probe-from", "here"),
        ("--own", "x"),
        ("--silent", "y"),
        ("--http", "z"),
        ("--blocked", "0"),
    ],
)
def test_a_value_that_does_not_fit_is_named(tmp_path, option, value):
    """Before anything starts."""
    said = run("serve", "--dir", tmp_path, "--name", "e", "--listen", "127.0.0.1:1", option, value)

    assert said.exit_code == 2
    assert option in said.output


def test_a_port_that_is_taken_is_one_plain_sentence(tmp_path):
    """No traceback for the operator."""
    with RunningEcho(tmp_path / "one") as running:
        said = run("serve", "--dir", tmp_path / "two", "--name", "e", "--listen", f"127.0.0.1:{running.port}")

    assert "the echo cannot start" in str(said.exception)


def test_a_page_for_strangers_needs_a_contact(tmp_path):
    """Whoever reads it wants to write to somebody."""
    words = ["--dir", tmp_path, "--name", "e", "--listen", "127.0.0.1:1", "--http", "127.0.0.1:2"]
    said = run("serve", *words)

    assert said.exit_code == 2
    assert "--contact" in said.output
