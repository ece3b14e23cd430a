"""Roll-up: calls too hot for a span each are counted and timed, and their parent carries the sums.

`RollUp.wrap` puts one flag test in front of a function that makes spans. While ``rolled`` is set, the call goes
past the span: the parent that is current gets ``otelwod.rollup.<operation>.count``, ``.total``, ``.max`` (seconds) at
its end. By hand it is always set; a `Budget` sets it for an operation whose spans would cost more than their share of
the wall time, and takes it back when the calls have become rare (hysteresis).

What a span costs is measured on the spot: now and then a call is timed outside and inside its span. Where not even
the timing of each rolled-up call fits into the budget, only the first under each parent and every 2nd, 4th … 64th is
timed. Counts stay exact, for the operation and for each parent; ``total`` is then the mean of the timed ones times the
count, ``max`` the longest of them, and ``.timed`` says how many they were.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import logging
import os
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from otelwod.telemetry.rollup_call import factory_of, parameters_of
from otelwod.telemetry.rollup_cells import Cell, cell_in, current_getter
from otelwod.telemetry.variables import warn_once

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_SHARE: Final = 0.02
BUDGET_VARIABLE: Final = "OTELWOD_BUDGET"
WINDOW_NS: Final = 100_000_000
"""How long calls are counted before the budget decides."""
_PROBE: Final = 16
"""One call in so many is timed outside and inside its span."""
_CALM: Final = 5
"""So many windows in a row must be within half the budget before an operation gets its spans back."""
_THINNEST: Final = 63
_NOWHERE: Final = (object(), None, 0)
_current = current_getter()
_inside: contextvars.ContextVar[list[int] | None] = contextvars.ContextVar("otelwod-rollup-inside", default=None)
_logger = logging.getLogger("otelwod.telemetry")


class RollUp:
    """One operation. ``rolled`` is the flag; ``parentless`` are the sums of calls without a recording parent."""

    def __init__(self, operation: str, *, rolled: bool = True, budget: Budget | None = None) -> None:
        self.operation = operation
        self._rolled = rolled
        self._mask = 0
        self.parentless = Cell()
        self.here: tuple[object, Any, int] = _NOWHERE
        """The context that was current in the last rolled-up call, ``next`` of its cell, and the mask."""
        self._budget = budget
        self._window_from = 0
        self._window_calls = 0
        self._span_ns = 0.0
        self._calm = 0
        self._told = False

    @property
    def rolled(self) -> bool:
        """Whether calls go past the span."""
        return self._rolled

    @rolled.setter
    def rolled(self, rolled: bool) -> None:
        self._rolled = rolled
        self.here = _NOWHERE

    @property
    def mask(self) -> int:
        """One rolled-up call in ``mask + 1`` is timed."""
        return self._mask

    @mask.setter
    def mask(self, mask: int) -> None:
        self._mask = mask
        self.here = _NOWHERE

    def wrap(self, plain: F, make_spanned: Callable[[F], F]) -> F:
        """``plain`` while rolled up, else ``make_spanned(plain)``: functions, coroutine functions, by hand generators.

        Time of a coroutine or generator is that of its span: from its first step to its end, whatever happens between.
        Raises TypeError for a generator with a budget (its span costs by the step, and what of the time between two
        steps is cost cannot be seen) and for asynchronous generators (nothing passes ``asend`` and ``athrow`` on).
        """
        if _is(inspect.isasyncgenfunction, plain):
            raise TypeError(f"{self.operation}: an asynchronous generator cannot be rolled up")
        if _is(inspect.isgeneratorfunction, plain):
            if self._budget is not None:
                raise TypeError(f"{self.operation}: a generator cannot have a budget; use rollup=True")
            return functools.wraps(plain)(self._generator(plain))  # type: ignore[return-value]
        spanned = make_spanned(plain)
        made: Any
        if _is(inspect.iscoroutinefunction, plain):
            made = self._coroutine(plain, spanned, make_spanned)
        else:
            made = self._function(plain, spanned, make_spanned)
        return functools.wraps(spanned)(made)  # type: ignore[return-value]

    def _function(self, plain: Any, spanned: Any, make_spanned: Callable[[Any], Any]) -> Callable[..., Any]:
        clock = time.perf_counter_ns
        probe = self._probe(plain, make_spanned) if self._budget is not None else spanned

        def with_span(*args: Any, **kwargs: Any) -> Any:
            return probe(*args, **kwargs) if self._is_due() else spanned(*args, **kwargs)

        def timed(call: int, /, *args: Any, **kwargs: Any) -> Any:
            cell = self._cell()
            start = clock()
            try:
                return plain(*args, **kwargs)
            finally:
                self._note(cell, call, clock() - start)

        def elsewhere(*args: Any, **kwargs: Any) -> Any:
            if not self._rolled:
                return with_span(*args, **kwargs)
            call = self.enter()()
            return plain(*args, **kwargs) if call & self._mask else timed(call, *args, **kwargs)

        return factory_of(parameters_of(plain))(self, _current, plain, timed, elsewhere)

    def _coroutine(self, plain: Any, spanned: Any, make_spanned: Callable[[Any], Any]) -> Callable[..., Any]:
        clock = time.perf_counter_ns
        probe = self._probe_coroutine(plain, make_spanned) if self._budget is not None else spanned

        async def rolled_coroutine(*args: Any, **kwargs: Any) -> Any:
            if not self._rolled:
                return await (probe if self._is_due() else spanned)(*args, **kwargs)
            cell = self._cell()
            call = cell.next()
            if call & self._mask:
                return await plain(*args, **kwargs)
            start = clock()
            try:
                return await plain(*args, **kwargs)
            finally:
                self._note(cell, call, clock() - start)

        return rolled_coroutine

    def _generator(self, plain: Any) -> Callable[..., Any]:
        clock = time.perf_counter_ns

        def rolled_generator(*args: Any, **kwargs: Any) -> Any:
            cell = self._cell()
            call = cell.next()
            start = clock()
            try:
                return (yield from plain(*args, **kwargs))
            finally:
                self._note(cell, call, clock() - start)

        return rolled_generator

    # ---------------------------------------------------------------------------------------------------- rolled calls

    def enter(self) -> Callable[[], int]:
        """``next`` of the cell of the current context, which is remembered for the next call. Never raises."""
        try:
            context = _current()
            found = self._find(context).next
            self.here = (context, found, self._mask)
            if not self._rolled:  # another thread has just given the operation its spans back
                self.here = _NOWHERE
            return found
        except Exception:  # noqa: BLE001 - nothing of ours may reach the host
            return self.parentless.next

    def _cell(self) -> Cell:
        try:
            return self._find(_current())
        except Exception:  # noqa: BLE001 - nothing of ours may reach the host
            return self.parentless

    def _find(self, context: Any) -> Cell:
        return cell_in(context, self.operation, self.parentless, self._close)

    def _close(self, cell: Cell) -> None:
        """A parent ends: forget its cell, and give the calls that were only counted to the window."""
        if self.here[1] == cell.next:
            self.here = _NOWHERE
        with cell.lock:
            rest, cell.seen = cell.count - cell.seen, cell.count
        self._window_calls += max(0, rest)

    def _note(self, cell: Cell, call: int, took_ns: int) -> None:
        """A timed call, the ``call``-th of its cell. Never raises: it runs in a ``finally`` of the host's."""
        try:
            with cell.lock:
                calls = max(0, call + 1 - cell.seen)
                cell.seen += calls
                cell.timed += 1
                cell.total_ns += took_ns
                if took_ns > cell.max_ns:
                    cell.max_ns = took_ns
            if self._budget is not None:
                self._window_calls += calls
                now = time.monotonic_ns()
                if now - self._window_from > WINDOW_NS:
                    self._decide(now)
        except Exception:  # noqa: BLE001 - nothing of ours may reach the host
            self._budget = None

    # --------------------------------------------------------------------------------------------------- spanned calls

    def _is_due(self) -> bool:
        """Count a call that gets its span; whether it is one whose span is to be timed."""
        try:
            self._window_calls += 1
            if self._window_calls % _PROBE:
                return False
            now = time.monotonic_ns()
            if now - self._window_from > WINDOW_NS:
                self._decide(now)
            return True
        except Exception:  # noqa: BLE001 - nothing of ours may reach the host
            return False

    def _probe(self, plain: Any, make_spanned: Callable[[Any], Any]) -> Callable[..., Any]:
        """The spanned function once more, timed outside and inside its span."""
        clock = time.perf_counter_ns

        @functools.wraps(plain)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return plain(*args, **kwargs)
            finally:
                _tell(clock() - start)

        spanned = make_spanned(timed)

        def probe(*args: Any, **kwargs: Any) -> Any:
            inside: list[int] = []
            token = _inside.set(inside)
            start = clock()
            try:
                return spanned(*args, **kwargs)
            finally:
                took = clock() - start
                _inside.reset(token)
                self._learn(took, inside)

        return probe

    def _probe_coroutine(self, plain: Any, make_spanned: Callable[[Any], Any]) -> Callable[..., Any]:
        """As `_probe`: other tasks run inside of both times, so that the difference is the span's."""
        clock = time.perf_counter_ns

        @functools.wraps(plain)
        async def timed(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return await plain(*args, **kwargs)
            finally:
                _tell(clock() - start)

        spanned = make_spanned(timed)

        async def probe(*args: Any, **kwargs: Any) -> Any:
            inside: list[int] = []
            token = _inside.set(inside)
            start = clock()
            try:
                return await spanned(*args, **kwargs)
            finally:
                took = clock() - start
                with contextlib.suppress(ValueError):  # closed from another context
                    _inside.reset(token)
                self._learn(took, inside)

        return probe

    def _learn(self, outside_ns: int, inside_ns: list[int]) -> None:
        """What a span cost just now. A mean would follow every interruption of the thread; a creeping median not."""
        if not inside_ns:
            return
        cost = outside_ns - inside_ns[-1]
        if not self._span_ns:
            self._span_ns = float(cost)
        elif cost > self._span_ns:
            self._span_ns *= 1.1
        else:
            self._span_ns *= 0.9

    # ------------------------------------------------------------------------------------------------------ the budget

    def _decide(self, now: int) -> None:
        """At the end of a window: what would the spans of these calls cost, as a share of the wall time?"""
        budget, window, calls = self._budget, now - self._window_from, self._window_calls
        first = not self._window_from
        self._window_from, self._window_calls = now, 0
        if budget is None or first:
            return
        share = calls * self._span_ns / window
        if not self._rolled:
            if share > budget.share:
                self.rolled, self._calm = True, 0
                if not self._told:
                    self._told = True
                    budget.tell(self.operation, share)
        elif share < budget.share / 2:
            self._calm += 1
            if self._calm >= _CALM:
                self.rolled, self.mask, self._calm = False, 0, 0
        else:
            self._calm = 0
            while self.mask < _THINNEST and calls * budget.rolled_ns / (self.mask + 1) / window > budget.share / 8:
                self.mask = 2 * self.mask + 1


class Budget:
    """How much of the wall time the spans of one operation may take; ``share`` 0.02 is 2 %."""

    def __init__(self, share: float = DEFAULT_SHARE) -> None:
        """Raises ValueError unless 0 < share < 1."""
        if not 0 < share < 1:
            raise ValueError(f"the budget is a share of the wall time between 0 and 1, not {share}")
        self.share = share

    @functools.cached_property
    def rolled_ns(self) -> float:
        """What a timed, rolled-up call costs here: measured once, in about a millisecond.

        In a context of its own: whatever span is current when a budget first asks has nothing to do with it.
        """
        return contextvars.Context().run(self._calibrate)

    def _calibrate(self) -> float:
        rolled = RollUp("calibration").wrap(_nothing, lambda plain: plain)
        best = float("inf")
        for _ in range(5):
            start = time.perf_counter_ns()
            for _ in range(100):
                rolled()
            best = min(best, (time.perf_counter_ns() - start) / 100)
        return best

    def tell(self, operation: str, share: float) -> None:
        """Say once an operation that it is rolled up from now on."""
        _logger.warning(
            "%s: its spans would take %.0f %% of the time (budget %.0f %%); it is rolled up: counted and timed, "
            "with sums on the parent span",
            operation,
            share * 100,
            self.share * 100,
        )


def budget_of_environment() -> Budget | None:
    """The budget that ``OTELWOD_BUDGET`` (a share such as 0.02, or ``true``) asks for; None without it."""
    text = os.environ.get(BUDGET_VARIABLE, "").strip().lower()
    if text in ("", "false", "0", "no", "off"):
        return None
    try:
        return Budget(DEFAULT_SHARE if text in ("true", "yes", "on") else float(text))
    except ValueError:
        warn_once(f"{BUDGET_VARIABLE}: {text[:40]!r} is not a share between 0 and 1; nothing is rolled up")
        return None


def roll_up(operation: str, asked: bool | None) -> RollUp | None:
    """What stands in front of an operation: ``True`` always rolled up, ``None`` when the budget of the environment

    says so, ``False`` never. Returns None where there is nothing to put in front.
    """
    if asked:
        return RollUp(operation)
    budget = budget_of_environment() if asked is None else None
    return RollUp(operation, rolled=False, budget=budget) if budget is not None else None


def _is(check: Callable[[Any], bool], what: Any) -> bool:
    """Whether a function, or what an object that can be called does, is of a kind."""
    return check(what) or (not inspect.isroutine(what) and check(getattr(type(what), "__call__", None)))  # noqa: B004


def _nothing() -> None:
    return


def _tell(ns: int) -> None:
    """Inside a span that is being timed: how long the function itself took."""
    inside = _inside.get()
    if inside is not None:
        inside.append(ns)
