"""Roll-up: calls too hot for a span each are counted and timed, and their parent carries the sums.

`RollUp.wrap` puts one flag test in front of a function that makes spans. While ``rolled`` is set, the call goes
past the span: the parent that is current gets ``otelwod.rollup.<operation>.count``, ``.total``, ``.max`` (seconds) at
its end. By hand it is always set; a `Budget` sets it for an operation whose spans would cost more than their share of
the wall time, and takes it back when the calls have become rare (hysteresis).

What a span costs is measured on the spot: now and then a call is timed outside and inside its span. Where not even
the timing of each rolled-up call fits into the budget, only every 2nd, 4th … 64th is timed; counts stay exact for the
operation, ``total`` is then the mean of the timed ones times the count, and calls between two timed ones go to the
parent of the later one.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.context import get_current as _current_context
from opentelemetry.trace import Span

from otelwod.conventions import NANOS_PER_SECOND, ROLLUP

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
_SPAN_KEY: Final = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
_CELLS: Final = "_otelwod_rollup"
_logger = logging.getLogger("otelwod.telemetry")


class Cell:
    """The sums of one operation under one parent. ``count`` calls, of which ``timed`` took ``total_ns`` together."""

    __slots__ = ("count", "lock", "max_ns", "timed", "total_ns")

    def __init__(self) -> None:
        self.count = self.timed = self.total_ns = self.max_ns = 0
        self.lock = threading.Lock()

    @property
    def estimated_total_ns(self) -> int:
        """The time of all calls: exact where every call was timed."""
        return self.total_ns * self.count // self.timed if self.timed else 0


class RollUp:
    """One operation. ``rolled`` is the flag; ``parentless`` are the sums of calls without a recording parent."""

    def __init__(self, operation: str, *, rolled: bool = True, budget: Budget | None = None) -> None:
        self.operation = operation
        self.rolled = rolled
        self.parentless = Cell()
        self._budget = budget
        self._mask = 0
        self._number = count(1).__next__
        self._seen = 0
        self._window_from = 0
        self._window_calls = 0
        self._span_ns = 0.0
        self._calm = 0
        self._told = False

    def wrap(self, plain: F, make_spanned: Callable[[F], F]) -> F:
        """``plain`` while rolled up, else ``make_spanned(plain)``. For functions and, by hand, coroutine functions.

        Raises TypeError for generators (their span covers an iteration) and for a coroutine function with a budget
        (the time between two steps of it is not its own).
        """
        if inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain):
            raise TypeError(f"{self.operation}: a generator cannot be rolled up")
        spanned = make_spanned(plain)
        clock = time.perf_counter_ns
        number = self._number
        if inspect.iscoroutinefunction(plain):
            if self._budget is not None:
                raise TypeError(f"{self.operation}: a coroutine function cannot have a budget; use rollup=True")

            @functools.wraps(spanned)
            async def rolled_coroutine(*args: Any, **kwargs: Any) -> Any:
                call = number()
                start = clock()
                try:
                    return await plain(*args, **kwargs)
                finally:
                    self._note(call, clock() - start)

            return rolled_coroutine  # type: ignore[return-value]

        probe = self._probe(plain, make_spanned) if self._budget is not None else spanned

        def with_span(*args: Any, **kwargs: Any) -> Any:
            return probe(*args, **kwargs) if self._is_due() else spanned(*args, **kwargs)

        def timed(call: int, /, *args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return plain(*args, **kwargs)
            finally:
                self._note(call, clock() - start)

        made = _factory(_parameters(plain))(self, number, plain, timed, with_span)
        return functools.wraps(spanned)(made)  # type: ignore[return-value]

    # ---------------------------------------------------------------------------------------------------- rolled calls

    def _note(self, call: int, took_ns: int) -> None:
        """A timed call. Never raises: it runs in the ``finally`` of the host's function."""
        try:
            since, self._seen = call - self._seen, call
            calls = since if self._mask and since > 0 else 1  # two threads may pass each other here
            span: Any = _current_context().get(_SPAN_KEY)
            try:
                cell = span._otelwod_rollup[self.operation]
            except (AttributeError, KeyError):
                cell = self.parentless if span is None or not span.is_recording() else _cell(span, self.operation)
            with cell.lock:
                cell.count += calls
                cell.timed += 1
                cell.total_ns += took_ns
                if took_ns > cell.max_ns:
                    cell.max_ns = took_ns
            if self._budget is not None:
                self._window_calls += calls
                if time.monotonic_ns() - self._window_from > WINDOW_NS:
                    self._decide(time.monotonic_ns())
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
        inside = threading.local()

        @functools.wraps(plain)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return plain(*args, **kwargs)
            finally:
                inside.ns = clock() - start

        spanned = make_spanned(timed)

        def probe(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return spanned(*args, **kwargs)
            finally:
                cost = clock() - start - getattr(inside, "ns", 0)
                # A mean would follow every interruption of the thread; a creeping median does not.
                if not self._span_ns:
                    self._span_ns = float(cost)
                elif cost > self._span_ns:
                    self._span_ns *= 1.1
                else:
                    self._span_ns *= 0.9

        return probe

    # ------------------------------------------------------------------------------------------------------ the budget

    def _decide(self, now: int) -> None:
        """At the end of a window: what would the spans of these calls cost, as a share of the wall time?"""
        budget, window, calls = self._budget, now - self._window_from, self._window_calls
        first = not self._window_from
        self._window_from, self._window_calls = now, 0
        if budget is None or first:
            return
        share = calls * self._span_ns / window
        if not self.rolled:
            if share > budget.share:
                self.rolled, self._calm = True, 0
                if not self._told:
                    self._told = True
                    budget.tell(self.operation, share)
        elif share < budget.share / 2:
            self._calm += 1
            if self._calm >= _CALM:
                self.rolled, self._mask, self._calm = False, 0, 0
        else:
            self._calm = 0
            while self._mask < _THINNEST and calls * budget.rolled_ns / (self._mask + 1) / window > budget.share / 8:
                self._mask = 2 * self._mask + 1


class Budget:
    """How much of the wall time the spans of one operation may take; ``share`` 0.02 is 2 %."""

    def __init__(self, share: float = DEFAULT_SHARE) -> None:
        """Raises ValueError unless 0 < share < 1."""
        if not 0 < share < 1:
            raise ValueError(f"the budget is a share of the wall time between 0 and 1, not {share}")
        self.share = share

    @functools.cached_property
    def rolled_ns(self) -> float:
        """What a timed, rolled-up call costs here: measured once, in about a millisecond."""
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
        _logger.warning("%s: %r is not a share between 0 and 1; nothing is rolled up", BUDGET_VARIABLE, text[:40])
        return None


def roll_up(operation: str, asked: bool | None) -> RollUp | None:
    """What stands in front of an operation: ``True`` always rolled up, ``None`` when the budget of the environment

    says so, ``False`` never. Returns None where there is nothing to put in front.
    """
    if asked:
        return RollUp(operation)
    budget = budget_of_environment() if asked is None else None
    return RollUp(operation, rolled=False, budget=budget) if budget is not None else None


_TEMPLATE: Final = """
def factory(_w_roll, _w_number, _w_plain, _w_timed, _w_with_span):
    def rolled_call({parameters}):
        if not _w_roll.rolled:
            return _w_with_span({parameters})
        _w_call = _w_number()
        if _w_call & _w_roll._mask:
            return _w_plain({parameters})
        return _w_timed(_w_call, {parameters})
    return rolled_call
"""


def _parameters(function: Callable[..., Any]) -> str:
    """The names of the parameters where the function takes nothing but a few plain ones, else ``*args, **kwargs``.

    A call that is neither timed nor given a span costs little more than the wrapper's own frame; to pack and unpack
    its arguments would double that.
    """
    try:
        parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return _ANY
    plain = all(
        parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        and parameter.default is inspect.Parameter.empty
        and parameter.name.isidentifier()
        and not parameter.name.startswith("_w_")
        for parameter in parameters
    )
    return ", ".join(parameter.name for parameter in parameters) if plain else _ANY


_ANY: Final = "*_w_args, **_w_kwargs"


@functools.lru_cache(maxsize=256)
def _factory(parameters: str) -> Callable[..., Callable[..., Any]]:
    namespace: dict[str, Any] = {}
    # Only identifiers enter the source: the names of a function's parameters.
    exec(_TEMPLATE.format(parameters=parameters), namespace)  # noqa: S102
    factory: Callable[..., Callable[..., Any]] = namespace["factory"]
    return factory


def _nothing() -> None:
    return


def _cell(span: Span, operation: str) -> Cell:
    """The sums of an operation under ``span``, which takes them as attributes when it ends.

    The span's own ``end`` is what tells us: no processor is needed, whoever made the span.
    """
    cells: dict[str, Cell] | None = getattr(span, _CELLS, None)
    if cells is None:
        cells = {}
        end = span.end

        def end_with_sums(end_time: int | None = None) -> None:
            _write(span, cells)
            end(end_time)

        span._otelwod_rollup = cells  # type: ignore[attr-defined]
        span.end = end_with_sums  # type: ignore[method-assign]
    return cells.setdefault(operation, Cell())


def _write(span: Span, cells: dict[str, Cell]) -> None:
    try:
        for operation, cell in cells.items():
            base = f"{ROLLUP}.{operation}"
            span.set_attribute(f"{base}.count", cell.count)
            span.set_attribute(f"{base}.total", cell.estimated_total_ns / NANOS_PER_SECOND)
            span.set_attribute(f"{base}.max", cell.max_ns / NANOS_PER_SECOND)
    except Exception as error:  # noqa: BLE001 - the host's span ends, with sums or without
        _logger.debug("sums of rolled-up calls were lost: %s", type(error).__name__)
