"""`./dev run --demo`: what a newcomer sees within two minutes, with no right and no network."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ACTS = ("calm", "door_reachable", "stranger_queried", "calm")
"""Calm is proved, a door is opened and named, a stranger comes in, the closing is proved."""


@pytest.fixture
def port() -> int:
    """A port nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _status(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "sentinel", "--dir", str(folder / "demo"), "status", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    return dict(json.loads(done.stdout)) if done.stdout.startswith("{") else {}


def _act(status: dict[str, Any]) -> str:
    verdict = status.get("verdict", {})
    if verdict.get("level") == 1:
        return "calm"
    return str(verdict["reasons"][0]["code"]) if verdict.get("reasons") else ""


def test_the_recorded_day_is_told_within_two_minutes_and_stops_within_two_seconds(tmp_path: Path, port: int):
    """Calm proved, a door named, a stranger in, the closing proved; Ctrl-C ends it all."""
    file = tmp_path / "sentinel.toml"
    file.write_text(f"[page]\nport = {port}\n")
    command = [sys.executable, "-m", "sentinel", "--config", str(file), "--dir", str(tmp_path), "run", "--demo"]
    with (tmp_path / "said").open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as run:
        begun, seen, machines = time.monotonic(), [""], set()
        while tuple(seen[-4:]) != ACTS and time.monotonic() - begun < 120:
            status = _status(tmp_path)
            act = _act(status)
            if act in ACTS and act != seen[-1]:
                seen.append(act)
            machines |= {each["machine"] for each in status.get("verdict", {}).get("reasons", [])}
            time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        stopping = time.monotonic()
        code = run.wait(5)

    assert tuple(seen[1:]) == ACTS, (tmp_path / "said").read_text()
    assert "192.168.77.10" in machines
    assert (code, time.monotonic() - stopping < 2) == (0, True)
