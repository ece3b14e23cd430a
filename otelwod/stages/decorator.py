"""`stage`: one decorator for everything that can be called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final, TypeVar, overload

from opentelemetry.trace import SpanKind

from otelwod.conventions import Phase
from otelwod.stages import managers, options, shims, values
from otelwod.stages.arguments import naming_of
from otelwod.stages.block import Stage
from otelwod.stages.options import Capture
from otelwod.telemetry.rollup import roll_up

F = TypeVar("F", bound=Callable[..., Any])

_MARK: Final = "__otelwod_stage__"
_CACHED: Final = type(functools.lru_cache(lambda: None))
_COPIED: Final = ("__module__", "__name__", "__qualname__", "__doc__")


@overload
def stage(target: F, /) -> F: ...


@overload
def stage(
    name: str | None = None,
    /,
    *,
    phase: Phase | None = None,
    attributes: Mapping[str, object] | None = None,
    capture: Capture | Iterable[Capture] = (),
    items: Callable[[Any], int] | None = None,
    histogram: bool = False,
    kind: SpanKind = SpanKind.INTERNAL,
    rollup: bool | None = None,
) -> Callable[[F], F]: ...


def stage(
    target: Any = None,
    /,
    *,
    phase: Phase | None = None,
    attributes: Mapping[str, object] | None = None,
    capture: Capture | Iterable[Capture] = (),
    items: Callable[[Any], int] | None = None,
    histogram: bool = False,
    kind: SpanKind = SpanKind.INTERNAL,
    rollup: bool | None = None,
) -> Any:
    """Give every call of the decorated a span: ``@stage``, ``@stage("name")``, ``@stage(phase="rest")``.

    Takes functions, coroutine functions, generators and asynchronous generators (the span covers the iteration),
    methods, static and class methods in either order, classes (their public methods), functions made by
    ``@contextmanager`` (the span is the ``with`` block), callable objects, partials and built-ins.

    ``name``: of the span; the qualified name of the function otherwise. For a class the prefix of its methods' names.
    ``phase``: work, rest, transition or pause; without it a call that has no stage inside is ``work``.
    ``attributes``: on every span. ``capture``: ``"args"``, ``"result"`` or both, as a text of at most 1,024
    characters with secrets masked; nothing by default. ``items``: how many items the result stands for, such as
    ``len``; a generator counts what it yields by itself. ``histogram``: record the duration in
    ``otelwod.stage.duration`` too. ``kind``: of the span. ``rollup``: True counts and times the calls without
    a span each, with sums on the parent: of functions, methods, static and class methods, coroutine functions and
    generators; None does so, but for generators, when ``OTELWOD_BUDGET`` is set and its spans would cost
    more than that (`otelwod.telemetry.rollup`); False never.

    Results, exceptions and tracebacks are those of the undecorated. Raises `TypeError` or `ValueError` for an option
    that means nothing, when it decorates; never when the decorated is called.
    """
    name: str | None = None
    decorated: Any = None
    if isinstance(target, str):
        name = target
    elif target is not None:
        decorated = target
    options.check(
        "stage",
        name="…" if name is None else name,
        phase=phase,
        attributes=attributes,
        items=items,
        histogram=histogram,
        kind=kind,
        rollup=rollup,
    )
    captured = options.captured(capture)

    def decorate(what: Any, given: str | None) -> Any:
        if isinstance(what, (staticmethod, classmethod)):
            return type(what)(decorate(what.__func__, given))
        if isinstance(what, type):
            return _decorate_class(what, given, decorate)
        if not callable(what):
            if not hasattr(what, "__get__"):
                raise TypeError(f"stage: takes what can be called, or a name; not {values.outline(what, 40)}")
            raise TypeError(
                f"stage: cannot decorate a {type(what).__name__}; put @stage under it, on the function that it wraps"
            )
        title = given or _short_name(what)
        made = Stage(
            values.text(title, values.MAX_NAME),
            function=_full_name(what),
            phase=phase,
            attributes=attributes,
            kind=kind,
            captures_result="result" in captured,
            items=items,
            histogram=histogram,
        )
        roll = roll_up(made.name, rollup) if rollup is not False else None
        if roll is None or not (rollup or _may_be_rolled_up(what)):
            return _wrap(what, made, "args" in captured)
        if managers.manager_sort(what) is not None:
            raise TypeError(f"stage: {made.name} makes a context manager, which cannot be rolled up")
        return roll.wrap(what, lambda plain: _wrap(plain, made, "args" in captured))

    if decorated is not None:
        return decorate(decorated, None)
    return lambda what: decorate(what, name)


def _decorate_class(cls: type, given: str | None, decorate: Callable[[Any, str | None], Any]) -> type:
    """The class itself, with its own public methods decorated: those written in its body, none that it inherits.

    Raises `TypeError` where there is none: nothing of it would ever be recorded.
    """
    found = False
    for name, member in list(vars(cls).items()):
        if not name.startswith("_"):
            decorated = _decorate_member(member, f"{given or _short_name(cls)}.{name}", bool(given), decorate)
            found = found or decorated is not None
            if decorated is not None and decorated is not member:
                setattr(cls, name, decorated)
    if not found:
        raise TypeError(
            f"stage: the class {_short_name(cls)} has no public method written in its body; put @stage on the function "
            "that makes or uses it, on the class that has the methods, or on a method by itself"
        )
    return cls


def _decorate_member(member: Any, title: str, named: bool, decorate: Callable[[Any, str | None], Any]) -> Any:
    """A method in whatever it is wrapped in, decorated; None of anything else."""
    if isinstance(member, functools.partialmethod):
        if hasattr(member.func, _MARK):
            return member
        return functools.partialmethod(decorate(member.func, title), *member.args, **member.keywords)
    if isinstance(member, functools.singledispatchmethod):
        for kind, implementation in list(member.dispatcher.registry.items()):
            if not hasattr(_plain(implementation), _MARK):
                member.dispatcher.register(kind, decorate(implementation, title))
        return member
    if isinstance(member, functools.cached_property):
        if not hasattr(member.func, _MARK):
            member.func = decorate(member.func, title)
        return member
    plain = _plain(member)
    if hasattr(plain, _MARK) or type(plain) is StagedCallable:
        return member
    if not isinstance(plain, (FunctionType, _CACHED)):
        return None
    return decorate(member, title if named else None)


def _plain(member: Any) -> Any:
    return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member


def _wrap(what: Callable[..., Any], made: Stage, captures_arguments: bool) -> Callable[..., Any]:
    manager = managers.manager_sort(what)
    if manager is not None:
        return _dress(managers.managed(what, made, manager, naming_of(what) if captures_arguments else None), what)
    wrapper = shims.shim(what, _sort(what), made, captures_arguments=captures_arguments)
    dressed = _dress(wrapper, what)
    if isinstance(what, (FunctionType, BuiltinFunctionType, MethodType, functools.partial)):
        return dressed
    return StagedCallable(what, dressed)


def _dress(wrapper: Callable[..., Any], what: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(what, FunctionType):
        functools.update_wrapper(wrapper, what)
    else:
        # A partial or an object has a __dict__ of its own, which is state and not to be copied.
        functools.update_wrapper(wrapper, _named(what), assigned=_COPIED, updated=())
        wrapper.__wrapped__ = what  # type: ignore[attr-defined]
    setattr(wrapper, _MARK, True)
    return wrapper


class StagedCallable:
    """An object that is called, as a stage: every attribute but the call is the object's own.

    (So ``cache_clear`` of an ``lru_cache`` stays within reach, and so does its binding as a method; `isinstance` holds
    for the object's own class; and ``__call__`` is a coroutine function where the object's is one.)
    """

    def __init__(self, wrapped: Any, call: Callable[..., Any]) -> None:
        self.__wrapped__ = wrapped
        self._call = call
        self.__dict__["__call__"] = call  # for who asks for it by name: a call of the object itself looks at the class
        self.__doc__ = getattr(wrapped, "__doc__", None)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.__wrapped__)

    def __getattr__(self, name: str) -> Any:
        if name == "__wrapped__":  # of a copy that has nothing yet
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None or not hasattr(type(self.__wrapped__), "__get__"):
            return self
        return MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<stage {self.__wrapped__!r}>"


def _may_be_rolled_up(what: Callable[..., Any]) -> bool:
    """Whether a budget can be kept for it: it can be seen what a span of it costs."""
    return _sort(what) in ("function", "coroutine") and managers.manager_sort(what) is None


def _sort(what: Callable[..., Any]) -> shims.Sort:
    call: Any = what
    while isinstance(call, functools.partial):
        call = call.func
    if not inspect.isroutine(call):
        call = getattr(type(call), "__call__", call)  # noqa: B004 - the function itself is wanted, not whether it is
    for candidate in (what, call):
        if inspect.iscoroutinefunction(candidate):
            return "coroutine"
        if inspect.isasyncgenfunction(candidate):
            return "async generator"
        if inspect.isgeneratorfunction(candidate):
            return "generator"
    return "function"


def _named(what: Any) -> Any:
    """What the callable's name is taken from: the function of a partial, the class of an object."""
    while isinstance(what, functools.partial):
        what = what.func
    return what if isinstance(getattr(what, "__qualname__", None), str) else type(what)


def _short_name(what: Any) -> str:
    qualified: str = _named(what).__qualname__
    return qualified.rpartition("<locals>.")[2]


def _full_name(what: Any) -> str:
    named = _named(what)
    module = getattr(named, "__module__", None)
    return f"{module}.{named.__qualname__}" if isinstance(module, str) else str(named.__qualname__)
