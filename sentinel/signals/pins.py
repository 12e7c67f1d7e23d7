"""The pins of the board's header for gpiozero, over the kernel's GPIO character devices (libgpiod).

None of gpiozero's own ways to the pins reaches every board under Python 3.13, and all of them choose the chip by
its number, which kernels have changed three times on a Raspberry Pi 5. Here it is found by its label. Lines are on
or off, or an input with its pull and its edges; a closed line has been driven low before it is let go.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import current_thread
from typing import Any

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero import PinFixedPull, PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins.pi import PiFactory, PiPin
from gpiozero.threads import GPIOThread

from sentinel.errors import MissingDevice

LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""The header's chip: of a Pi 5, a Pi 4, and every board before; line N is BCM N on each of them."""
FORTY_PINS = 0xA020D3
"""Revision of a 3B+: the header has been the same on every board since 2014, and a guest has no revision."""
CONSUMER = "cabinet-sentinel"
DENIED = "one that only the group gpio may open"
"""In place of a label."""
LISTENS = 0.2
"""Seconds between two looks at whether the thread of an input is to end."""
BIASES = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
EDGES = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING, "none": Edge.NONE}

log = logging.getLogger(__name__)


def chosen(chips: Iterable[tuple[Path, str]], label: str = "") -> Path:
    """The chip that has this label, or that of the board's header.

    Args:
        chips: device and label of each chip there is.

    Raises:
        MissingDevice: there is none; the sentence names what was looked for and what there is.
    """
    wanted = (label,) if label else LABELS
    there = sorted(chips)
    for name in wanted:
        for path, found in there:
            if found == name:
                return path
    labels = ", ".join(found for _, found in there) or "none"
    raise MissingDevice(f"no GPIO chip is labelled {' or '.join(wanted)} (there: {labels})")


def chips(folder: Path = Path("/dev")) -> Iterator[tuple[Path, str]]:
    """Device and label of every GPIO chip here; a second name for one is none."""
    for path in folder.glob("gpiochip*"):
        if path.is_symlink() or not gpiod.is_gpiochip_device(str(path)):
            continue
        try:
            with gpiod.Chip(str(path)) as chip:
                yield path, chip.get_info().label
        except PermissionError:
            yield path, DENIED


class HeaderFactory(PiFactory):  # type: ignore[misc]  # gpiozero is untyped
    """gpiozero's view of one chip.

    Args:
        label: of the chip; empty: the one of the board's header.
        opened: opens it; handed in by tests.

    Raises:
        MissingDevice: the chip is not there, or may not be opened.
    """

    def __init__(self, label: str = "", opened: Callable[[], Any] | None = None) -> None:
        super().__init__()
        self.pin_class = HeaderPin
        self._open = opened or partial(gpiod.Chip, str(chosen(chips(), label)))

    def ask(self, number: int, settings: gpiod.LineSettings) -> Any:
        """One line, held until it is released; the chip itself is not kept open.

        Raises:
            OSError: the line is somebody else's, or the chip has gone.
        """
        with self._open() as chip:
            return chip.request_lines({number: settings}, CONSUMER)

    def _get_revision(self) -> int:
        return FORTY_PINS

    @staticmethod
    def ticks() -> float:
        """Seconds, on the kernel's monotonic clock, as its edges are stamped."""
        return time.monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        """Seconds from one to the other."""
        return later - earlier


class HeaderPin(PiPin):  # type: ignore[misc]  # gpiozero is untyped
    """One line: asked for when it is used, and anew when anything about it has changed.

    An `OSError` of the kernel (the line is somebody else's, or the chip has gone) passes through.
    """

    def __init__(self, factory: HeaderFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._request: Any = None
        self._direction = Direction.INPUT
        self._bias = "floating"
        self._bounce: float | None = None
        self._edges = "both"
        self._ear: GPIOThread | None = None

    def close(self) -> None:
        """Low, then nobody's: what a Pi's pin showed last stays on it."""
        self.when_changed = None
        if self._request is not None and self._direction is Direction.OUTPUT:
            with contextlib.suppress(OSError):
                self._request.set_value(self._number, Value.INACTIVE)
        self._let_go()
        self._direction = Direction.INPUT

    @property
    def is_deaf(self) -> bool:
        """Its edges were listened to, and the kernel's error has ended that."""
        return self._ear is not None and not self._ear.is_alive()

    # -- as gpiozero asks ----------------------------------------------------------------------------------

    def _get_function(self) -> str:
        return "output" if self._direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f"{self!r} is input or output, not {value!r}")
        self._direction = Direction.OUTPUT if value == "output" else Direction.INPUT
        self._change()

    def _get_state(self) -> int:
        return int(self._line().get_value(self._number) is Value.ACTIVE)

    def _set_state(self, value: float) -> None:
        if self._direction is not Direction.OUTPUT:
            raise PinSetInput(f"{self!r} is no output")
        self._line().set_value(self._number, Value.ACTIVE if value else Value.INACTIVE)

    def _get_pull(self) -> str:
        return self._bias

    def _set_pull(self, value: str) -> None:
        if value not in BIASES:
            raise PinInvalidPull(f"{self!r} is pulled up, down or not at all, not {value!r}")
        if self._direction is Direction.OUTPUT or self.info.pull not in (value, ""):
            raise PinFixedPull(f"the pull of {self!r} cannot be changed")
        self._bias = value
        self._change()

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        self._bounce = value
        self._change()

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        self._edges = value
        self._change()

    def _enable_event_detect(self) -> None:
        self._let_go()
        self._request = self._asked(edges=EDGES[self._edges])
        self._ear = GPIOThread(self._listen, (self._request,))
        self._ear.start()

    def _disable_event_detect(self) -> None:
        self._let_go()

    # -- as the kernel is asked ----------------------------------------------------------------------------

    def _line(self) -> Any:
        if self._request is None:
            self._request = self._asked()
        return self._request

    def _asked(self, edges: Edge = Edge.NONE) -> Any:
        if self._direction is Direction.OUTPUT:
            settings = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE)
        else:
            settings = gpiod.LineSettings(
                direction=Direction.INPUT,
                bias=BIASES[self._bias],
                edge_detection=edges,
                debounce_period=timedelta(seconds=(self._bounce or 0) if edges is not Edge.NONE else 0),
            )
        return self._factory.ask(self._number, settings)

    def _change(self) -> None:
        """Its next use asks for it anew."""
        self._let_go()
        if self._when_changed is not None:
            self._enable_event_detect()

    def _let_go(self) -> None:
        ear, request, self._ear, self._request = self._ear, self._request, None, None
        if ear is not None:
            ear.stopping.set()
            if ear is not current_thread():  # gpiozero lets go from here when nobody listens any more
                ear.stop()
        if request is not None:
            request.release()

    def _listen(self, request: Any) -> None:
        """Tell gpiozero of each edge, from a thread of this line's own."""
        ended = current_thread().stopping  # type: ignore[attr-defined]
        try:
            while not ended.is_set():
                if not request.wait_edge_events(LISTENS):
                    continue
                for edge in request.read_edge_events():
                    if not ended.is_set():
                        rose = edge.event_type is edge.Type.RISING_EDGE
                        self._call_when_changed(edge.timestamp_ns / 1e9, int(rose))
        except OSError as error:
            log.warning("%r is not listened to any more: %s", self, error)
