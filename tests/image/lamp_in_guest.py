"""The lamp and its button on real lines of a real chip, driven through the kernel and read from the other side.

Run as root inside a guest whose kernel has gpio-sim, by the sentinel's own Python; it needs nothing but itself:

    /opt/sentinel/venv/bin/python lamp_in_guest.py make             a chip « lamp-test » with 32 lines
    … lamps      every kind of lamp, every verdict, as this program's own lamp drives them
    … button     presses of 1, 4, 8 and 11 seconds, and what each comes to
    … shown      what the lines show now, as JSON
    … agrees     the running sentinel's lines show the verdict of its pulse
    … stopped    SIGSTOP to the running `watch`, and how many seconds until every line is low
    … press 4    the running sentinel's button, for so many seconds

It ends with 0, or with 1 and a sentence.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from sentinel.clock import now
from sentinel.config import Lamp as LampSection
from sentinel.config import LampKind
from sentinel.model.finding import Level
from sentinel.signals import pulse
from sentinel.signals.button import Button
from sentinel.signals.lamp import Lamp
from sentinel.signals.lights import palette
from sentinel.signals.press import Sign

LABEL = "lamp-test"
LEDS, PUSH = (17, 27, 22), 23
"""BCM numbers, as the wiring drawing has them."""
LAMPS = (
    LampSection(kind=LampKind.PINS, pins=(5,), chip=LABEL),
    LampSection(kind=LampKind.PINS, pins=LEDS, chip=LABEL),
    LampSection(kind=LampKind.TRAFFIC, pins=(6, 13, 19), chip=LABEL),
)
"""Every kind that is wired, side by side."""
CONFIGURED = Path("/sys/kernel/config/gpio-sim/lamp")
PULSE = Path("/run/sentinel/pulse.json")
MOMENT = 0.1
"""Seconds: lines are switched one after the other, and an emulated board takes its time for it; the shortest light
of any rhythm lasts twice as long."""
SETTLES = 1.0
"""Seconds until all three lamps have left what they showed before."""
WINDOW = 8.0
"""Seconds of a film that tell every rhythm from every other."""
LIVES = 10.0

Sample = tuple[float, tuple[int, ...]]


# -- what a film shows: pure, and tested without any chip -------------------------------------------------------


def rhythm(samples: Sequence[Sample]) -> str:
    """The verdict whose rhythm this is, by share of light and flashes a second; `dark`, or `?` for none."""
    lit = [(at, any(lines)) for at, lines in samples]
    lasts = lit[-1][0] - lit[0][0]
    share = sum(after[0] - before[0] for before, after in pairwise(lit) if before[1]) / lasts
    pace = sum(1 for before, after in pairwise(lit) if after[1] and not before[1]) / lasts
    if share == 0:
        return "dark"
    if share > 0.85 and 0.1 < pace <= 0.4:  # a lamp that stands still dips no more
        return "calm"
    if 0.35 < share < 0.65:
        return "alarm" if 1.5 < pace < 2.5 else "attention" if 0.3 < pace < 0.8 else "?"
    return "unsure" if share < 0.35 and 0.7 < pace < 1.4 else "?"


def worn(samples: Sequence[Sample]) -> set[tuple[int, ...]]:
    """Every combination of lines that was lit for more than a moment."""
    return {lines for lines, lasted in longest(samples).items() if any(lines) and lasted > MOMENT}


def longest(samples: Sequence[Sample]) -> dict[tuple[int, ...], float]:
    """For how many seconds at most each combination of lines stood."""
    lasted: dict[tuple[int, ...], float] = {}
    for (begins, lines), (ends, after) in pairwise(changes(samples)):
        if after != lines:
            lasted[lines] = max(lasted.get(lines, 0.0), ends - begins)
    return lasted


def changes(samples: Sequence[Sample]) -> list[Sample]:
    """The first sample, those that differ from the one before, and the last."""
    kept = [after for before, after in pairwise(samples) if after[1] != before[1]]
    return [samples[0], *kept, samples[-1]]


# -- the other side of the chip ---------------------------------------------------------------------------------


def make() -> None:
    """The chip, unless it is there; the group of the pins may use it, as a rule of udev gives a real one."""
    subprocess.run(["modprobe", "gpio-sim"], check=True)
    if not CONFIGURED.is_dir():
        bank = CONFIGURED / "bank0"
        bank.mkdir(parents=True)
        (bank / "num_lines").write_text("32")
        (bank / "label").write_text(LABEL)
        (CONFIGURED / "live").write_text("1")
    line(PUSH, "pull").write_text("pull-up")
    subprocess.run(["udevadm", "settle"], check=False)


def line(number: int, name: str) -> Path:
    """A file of the other side of a line: `value` is what is on it, `pull` what is put on it."""
    device = (CONFIGURED / "dev_name").read_text().strip()
    chip = (CONFIGURED / "bank0/chip_name").read_text().strip()
    return Path("/sys/devices/platform", device, chip, f"sim_gpio{number}", name)


def levels(pins: Sequence[int]) -> tuple[int, ...]:
    """What is on these lines now."""
    return tuple(int(line(pin, "value").read_text()) for pin in pins)


def film(pins: Sequence[int], seconds: float = WINDOW) -> list[Sample]:
    """What is on these lines, as often as this machine can look."""
    end, samples = time.monotonic() + seconds, []
    while time.monotonic() < end:
        samples.append((time.monotonic(), levels(pins)))
        time.sleep(0.005)
    return samples


def press(seconds: float) -> None:
    """Somebody closes the button to ground for so long."""
    line(PUSH, "pull").write_text("pull-down")
    time.sleep(seconds)
    line(PUSH, "pull").write_text("pull-up")


# -- what is proved ---------------------------------------------------------------------------------------------


def lamps() -> None:
    """Each kind of lamp shows each verdict in its colour or place and its rhythm, and all are dark at the end."""
    driven = [(section, Lamp(section, now, lambda *_: None)) for section in LAMPS]
    for section, lamp in driven:
        need(not lamp.fault, f"{section.kind.value} cannot be driven: {lamp.fault}")
    for level in (Level.CALM, Level.ATTENTION, Level.ALARM, Level.UNSURE):
        for _, lamp in driven:
            lamp.show(level, now())
        time.sleep(SETTLES)
        seen = film([pin for section in LAMPS for pin in section.pins])
        for n, section in enumerate(LAMPS):
            first = sum(len(each.pins) for each in LAMPS[:n])
            wears(section, level, [(at, lines[first : first + len(section.pins)]) for at, lines in seen])
    for section, lamp in driven:
        lamp.close()
        need(not any(levels(section.pins)), f"{section.kind.value}: a closed lamp left a line high")


def wears(section: LampSection, level: Level, samples: Sequence[Sample]) -> None:
    """This film is this verdict, on this kind of lamp."""
    value = palette(section).of(level)[1]
    wanted = value if isinstance(value, tuple) else (value,)
    lasted = ", ".join(f"{lines} {seconds:.2f} s" for lines, seconds in sorted(longest(samples).items()))
    told = f"{section.kind.value} on {list(section.pins)}, {level.word}: {rhythm(samples)}; {lasted}"
    need(rhythm(samples) == level.word and worn(samples) == {wanted}, told)
    print(told, flush=True)


def button() -> None:
    """Presses on the line become what the wall card says, through the kernel's edges and gpiozero."""
    told: list[Sign] = []
    pushed = Button(LampSection(button=PUSH, chip=LABEL), now, lambda pressed: told.append(pressed.sign))
    need(not pushed.fault, f"the button cannot be had: {pushed.fault}")
    for seconds, wanted in (
        (1, [Sign.TEST]),
        (4, [Sign.ENOUGH, Sign.READ]),
        (8, [Sign.ENOUGH, Sign.WARNING, Sign.CALLED_OFF]),
        (12, [Sign.ENOUGH, Sign.WARNING, Sign.FORGET]),
    ):
        told.clear()
        press(seconds)
        until(lambda wanted=wanted: told == wanted, 5, lambda s=seconds: f"{s} s of pressing came to {told}")
        print(f"{seconds} s: {', '.join(told)}", flush=True)
    pushed.close()


def shown() -> None:
    """For whoever wants to compare."""
    samples = film(LEDS)
    print(json.dumps({"rhythm": rhythm(samples), "lines": sorted(worn(samples)), "looks": len(samples)}))


def agrees() -> None:
    """What people see is what the street says."""
    for _ in range(4):  # a verdict may change while it is being watched
        before, samples = verdict(), film(LEDS)
        if before and before == verdict() == rhythm(samples):
            print(f"{before}: {sorted(worn(samples))}")
            return
    need(False, f"the pulse says {verdict()}, the lines show {rhythm(samples)}")


def stopped() -> None:
    """A `watch` that is stopped cannot put out its lamp; within ten seconds it is dark all the same."""
    need(rhythm(film(LEDS)) not in ("dark", "?"), "the lamp does not show anything yet")
    said = subprocess.run(
        ["systemctl", "show", "--value", "-p", "MainPID", "sentinel-watch.service"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(said.stdout), signal.SIGSTOP)
    began = last = time.monotonic()
    while time.monotonic() < min(began + 2 * LIVES, last + 3):  # dark for longer than any rhythm is
        if any(levels(LEDS)):
            last = time.monotonic()
        time.sleep(0.005)
    took = last - began
    need(took <= LIVES, f"the lamp was still lit {took:.1f} s after watch was stopped")
    print(f"dark {took:.1f} s after watch was stopped")


def verdict() -> str:
    """The running sentinel's own word."""
    last = pulse.read(PULSE)
    return last.verdict.level.word if last else ""


def need(holds: bool, otherwise: str) -> None:
    """End with a sentence, unless it holds."""
    if not holds:
        sys.exit(otherwise)


def until(condition: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Wait for it, so many seconds at most."""
    end = time.monotonic() + seconds
    while not condition():
        need(time.monotonic() < end, otherwise())
        time.sleep(0.05)


COMMANDS = {each.__name__: each for each in (make, lamps, button, shown, agrees, stopped)}

if __name__ == "__main__":
    if sys.argv[1:2] == ["press"]:
        press(float(sys.argv[2]))
    else:
        COMMANDS[sys.argv[1]]()
