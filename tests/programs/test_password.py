"""The whole life of a claim with a real `watch`: the code, the first password, the console that sets another."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel.places import Places
from sentinel.programs.password import password
from sentinel.wire.requests import Answer, Reply, Request, Verb, ask
from tests.programs.test_watch import Running

PHONE = "192.168.1.20"
FIRST, SECOND = "trois girafes bleues", "quatre loutres vertes"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    made.file.write_text(made.file.read_text().replace('code = "TEST-CODE"', ""))
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.communicate()


def asked(running: Running, verb: Verb, **more: str) -> Answer:
    return ask(running.places.requests, Request(verb=verb, client=PHONE, **more))


def reset(running: Running, typed: str) -> subprocess.CompletedProcess[str]:
    command = running.command("password")
    return subprocess.run(
        command, input=f"{typed}\n{typed}\n", capture_output=True, text=True, check=False, timeout=30
    )


def test_the_code_is_made_used_once_and_gone(running):
    """Also after a restart: no second one is made, and the terminal shows none."""
    running.start()
    code = running.places.code.read_text().strip()
    session = asked(running, Verb.LOGIN, code=code).session
    assert asked(running, Verb.PASSWORD, session=session, password=FIRST).reply is Reply.DONE
    assert not running.places.code.exists()
    running.stop()

    running.start()
    assert not running.places.code.exists()
    assert asked(running, Verb.LOGIN, code=code).reply is Reply.WRONG_CODE
    assert asked(running, Verb.LOGIN, code=FIRST).reply is Reply.DONE

    done = reset(running, SECOND)
    assert (done.returncode, FIRST in done.stdout, SECOND in done.stdout) == (0, False, False), done.stderr
    assert "The password is changed" in done.stdout
    assert asked(running, Verb.LOGIN, code=FIRST).reply is Reply.WRONG_CODE
    assert asked(running, Verb.LOGIN, code=SECOND).reply is Reply.DONE
    assert (weak := reset(running, "motdepasse1")).returncode == 1
    assert "Not changed" in weak.stdout
    running.stop()


def test_where_nothing_runs_the_console_says_so(tmp_path):
    """Nothing was changed."""
    told: list[str] = []

    assert password(Places(lasting=tmp_path, passing=tmp_path), FIRST, told.append) == 1
    assert told == ["Not changed: the sentinel is not running here, or this user may not ask it."]
