"""A workout live on a terminal: the keyboard is the athlete, one status line is the screen.

`Keyboard` and the clock are injected, so that everything but reading the terminal is tested without one.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TextIO

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.runtime.inputs import Input, InputKind
from otelwod.runtime.program import Node
from otelwod.runtime.scores import clock_text
from otelwod.runtime.session import Session
from otelwod.views.text import visible

HELP = "Enter next · number + r reps · p pause · b rest · s skip · u undo · q q stop"
_KEYS: dict[str, InputKind] = {
    "\n": "next",
    "\r": "next",
    " ": "next",
    "b": "rest",
    "s": "skip",
    "u": "undo",
}
_REFRESH_S = 0.1


class Keys(Protocol):
    """Where key presses come from."""

    def read(self, timeout_s: float) -> str:
        """The keys pressed within ``timeout_s``, or nothing. `EOFError` when there will be no more."""
        ...


class Keyboard:
    """The keys of a terminal, one by one, without Enter. Use it in a ``with``: it gives the terminal back as it was."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._descriptor = (stream or sys.stdin).fileno()
        self._before: list[Any] | None = None

    def __enter__(self) -> Keyboard:
        import termios
        import tty

        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        if self._before is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def read(self, timeout_s: float) -> str:
        """See `Keys`."""
        ready, _, _ = select.select([self._descriptor], [], [], timeout_s)
        if not ready:
            return ""
        try:
            data = os.read(self._descriptor, 64)
        except OSError as error:
            raise EOFError("the terminal is gone") from error
        if not data:
            raise EOFError("the terminal is gone")
        return data.decode("utf-8", "replace")


def steady_ns() -> int:
    """Nanoseconds that go on while the machine sleeps, where it has such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is not None:
        with contextlib.suppress(OSError):
            return time.clock_gettime_ns(clock)
    return time.monotonic_ns()


def run_live(
    session: Session,
    keys: Keys,
    *,
    elapsed_ns: Callable[[], int],
    record: Callable[[Input], None],
    show: Callable[[str], None],
) -> None:
    """Drives a started session until it ends.

    ``elapsed_ns`` gives the time since the start; ``record`` gets each input before it takes effect (the journal);
    ``show`` gets the status line.
    """
    number = ""
    asked = False
    recorded = session.now
    while not session.is_done:
        for key in keys.read(_wait(session, elapsed_ns())):
            if key.isdigit():
                number = (number + key)[-4:]
                continue
            leaving, asked = asked, key in "qQ"
            if asked and not leaving:
                continue  # one q may be a slip: the status line asks for a second
            entry = _input(session, key, number, elapsed_ns())
            number = ""
            if entry is not None:
                record(entry)
                session.send(entry)
            if session.current is None:
                return
        tick = Input("tick", max(session.now, elapsed_ns()))
        if tick.t - recorded >= NANOS_PER_SECOND:
            # A crash then loses a second of the clock at the most: the gap after it is a pause.
            recorded = tick.t
            record(tick)
        session.send(tick)
        show("Press q again to stop, any other key to go on." if asked else status_line(session, number))


def _wait(session: Session, now: int) -> float:
    boundary = session.next_boundary
    if boundary is None:
        return _REFRESH_S
    return min(_REFRESH_S, max(0.0, (boundary - now) / NANOS_PER_SECOND))


def _input(session: Session, key: str, number: str, t: int) -> Input | None:
    t = max(session.now, t)
    if key == "r":
        return Input("reps", t, value=int(number or "1"))
    if key == "p":
        return Input("resume" if session.is_paused else "pause", t)
    if key in "qQ":
        return Input("stop", t)
    kind = _KEYS.get(key.lower())
    return Input(kind, t) if kind is not None else None


def status_line(session: Session, number: str = "") -> str:
    """What a wall clock in a gym would show: the session's time, what is on, how long it lasts, what is next."""
    parts = [clock_text(session.active_now)]
    block = session.current
    if block is not None:
        rounds = next(
            (_round_of(b.get("round"), b.get("interval")) for b in reversed(session.stack.blocks()) if _has_round(b)),
            "",
        )
        parts += [part for part in (rounds, visible(str(block.get("label"))), _count(block)) if part]
    boundary = session.next_boundary
    if session.is_paused:
        parts.append("PAUSED")
    elif boundary is not None:
        parts.append(f"{clock_text(boundary - session.now + NANOS_PER_SECOND - 1)} left")
    following: Node | None = session.next_up()
    if following is not None:
        parts.append(f"next: {visible(following.label)}")
    if number:
        parts.append(f"[{number}]")
    return " · ".join(parts)


def _count(block: Any) -> str:
    """The repetitions said so far: ``12 reps``."""
    amounts = block.get("amounts")
    return f"{amounts.reps:g} reps" if amounts is not None and amounts.reps else ""


def _has_round(block: Any) -> bool:
    return block.get("round") is not None or block.get("interval") is not None


def _round_of(round_state: Any, interval: Any) -> str:
    return f"Round {round_state.current}" if round_state is not None else f"Interval {interval.number + 1}"


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as an exception does: the terminal is given back, the journal stays."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def one_line(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """A status line that overwrites itself, cut to the terminal's width."""

    def show(text: str) -> None:
        width = 80
        with contextlib.suppress(OSError, ValueError):
            width = os.get_terminal_size(stream.fileno()).columns or 80
        stream.write("\r\x1b[K" + text[: max(0, width - 1)])
        stream.flush()

    try:
        yield show
    finally:
        with contextlib.suppress(OSError, ValueError):
            stream.write("\r\x1b[K")
            stream.flush()
