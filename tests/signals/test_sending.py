"""One message by the real path: a child, apprise, and receivers on loopback that take, refuse, or never answer."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sentinel.signals import sending
from sentinel.signals.courier import LASTS, Parcel
from sentinel.signals.sending import send
from tests.signals.receivers import Mails, http, mailto, nobody, silence, smtp

SUBJECT, BODY = (
    "ALERTE : porte ouverte · Cabinet Durand",
    "Appelez Sophie.\n\nN’éteignez pas la box : {x} \\n 100 %.\n",
)
SECRET = "hunter2secret"


def parcel(*addresses: str) -> Parcel:
    return Parcel(addresses=addresses, subject=SUBJECT, body=BODY)


def test_a_mail_arrives_word_for_word():
    """French letters, braces and backslashes as they were."""
    mails: Mails = []
    with smtp(mails) as port:
        sent = send(parcel(mailto(port)))

    assert (sent.taken, sent.detail) == ((True,), "")
    [mail] = mails
    assert mail["Subject"] == SUBJECT
    assert mail["To"] == "camille@example.org"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n").strip() == BODY.strip()


def test_each_address_is_tried_and_told_of():
    """One takes it, one refuses, one is no address, one is dead: the first is not sent again for the others."""
    bodies: list[dict[str, str]] = []
    with http(bodies) as port, http([], status=500) as broken:
        sent = send(
            parcel(
                f"json://127.0.0.1:{port}/alerts",
                f"json://127.0.0.1:{broken}/",
                "nosuchservice://x",
                f"json://127.0.0.1:{nobody()}/",
            )
        )

    assert sent.taken == (True, False, False, False)
    assert "2 of 4 refused or did not answer" in sent.detail
    assert "1 of 4 is an address nobody knows" in sent.detail
    assert [each["title"] for each in bodies] == [SUBJECT]


def test_a_mail_server_that_refuses_has_not_taken_it():
    """« 550 nobody here » is no delivery."""
    mails: Mails = []
    with smtp(mails, takes=False) as port:
        sent = send(parcel(mailto(port)))

    assert sent.taken == (False,)
    assert mails == []


def test_a_receiver_that_never_answers_is_left_in_time():
    """What arrived before it is known all the same."""
    bodies: list[dict[str, str]] = []
    begun = time.monotonic()
    with http(bodies) as port, silence() as mute:
        slow = f"json://127.0.0.1:{mute}/?cto=60&rto=60"
        sent = send(parcel(f"json://127.0.0.1:{port}/", slow), lasts=8)

    assert sent.taken == (True, False)
    assert f"1 of 2 not within {LASTS} s" in sent.detail
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("address", [f"json://user:{SECRET}@127.0.0.1:9/", f"mailto://u:{SECRET}@127.0.0.1:9"])
def test_no_password_of_an_address_is_ever_said(address, capfd):
    """Not in the outcome, not on the console of either process."""
    sent = send(parcel(address, f"nosuch://{SECRET}"))

    assert sent.taken == (False, False)
    assert SECRET not in sent.detail
    out, err = capfd.readouterr()
    assert SECRET not in out + err


def test_no_address_is_in_the_list_of_processes(tmp_path: Path):
    """The child's arguments and environment, as everybody on the machine may read them."""
    seen = tmp_path / "seen"
    spy = (
        "import sys, pathlib;"
        "seen = pathlib.Path('/proc/self/cmdline').read_bytes() + pathlib.Path('/proc/self/environ').read_bytes();"
        f"pathlib.Path({str(seen)!r}).write_bytes(seen); sys.stdin.read(); print('taken')"
    )
    sent = send(parcel(f"json://user:{SECRET}@127.0.0.1/"), command=(sys.executable, "-c", spy))

    assert sent.taken == (True,)
    assert b"python" in seen.read_bytes()
    assert SECRET.encode() not in seen.read_bytes()
    assert all(SECRET not in word for word in sending.COMMAND)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path):
    """In a house without apprise the child leaves with 69."""
    bare = "import sys; sys.modules['apprise'] = None; from sentinel.__main__ import main; main(['notify'])"
    sent = send(parcel("json://127.0.0.1:9/"), command=(sys.executable, "-c", bare))

    assert sent.taken == (False,)
    assert "pip install 'cabinet-sentinel[notify]'" in sent.detail


def test_a_child_that_cannot_start_or_says_nonsense_has_delivered_nothing():
    """Never an exception: the lamp goes on."""
    assert send(parcel("json://x/"), command=("/nowhere/python",)).taken == (False,)
    assert send(parcel("json://x/", "json://y/"), command=("/bin/echo", "taken maybe")).taken == (True, False)
    assert send(parcel("json://x/"), command=("/bin/false",)).taken == (False,)


def test_what_is_no_message_is_refused():
    """The hidden command reads hostile bytes like anybody else."""
    done = subprocess.run(list(sending.COMMAND), input=b"\xff{}", capture_output=True, check=False, timeout=30)

    assert done.returncode == 64
    assert b"Traceback" not in done.stderr


def test_watch_itself_never_loads_apprise():
    """Its 23 MB and its habits on the network stay in the child."""
    loaded = "import sys, sentinel.programs.watch, sentinel.signals.sending; print('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout.strip() == "False"
