"""Wrappers that take exactly the parameters of what they wrap.

A wrapper written as ``def wrapper(*args, **kwargs)`` packs and unpacks every call, and a coroutine or generator
function written so complains about wrong arguments only when it is first run, not when it is called. So the wrapper
of a plain function is compiled from a template with the function's own parameter list (as `collections.namedtuple`
does): the interpreter itself binds the arguments, raises the very `TypeError` of the original at the very moment, and
a stage that is switched off costs a third. One compilation for each *shape* of parameters; only names of parameters
enter the source, never values or annotations.

The wrappers are real functions of the right sort (``inspect.iscoroutinefunction`` and its kin hold), and take
themselves off the traceback of what passes through them.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable
from functools import lru_cache, partial
from types import FunctionType
from typing import Any, Final, Literal, NamedTuple

from otelwod.stages import generators, guard, tracing
from otelwod.stages.arguments import has_own_names, naming_of
from otelwod.stages.block import Stage
from otelwod.stages.tracing import holder, switch

Sort = Literal["function", "coroutine", "generator", "async generator"]

MAX_PARAMETERS: Final = 100


class Shape(NamedTuple):
    """A parameter list, the call that passes it on, and a display of the arguments by name (of any shape: none)."""

    parameters: str
    call: str
    names: str


ANY_SHAPE: Final = Shape("*_w_args, **_w_kwargs", "*_w_args, **_w_kwargs", "")

_FACTORY: Final = """
def factory(_w_function, _w_begin, _w_done, _w_fail, _w_steps, _w_naming):
{body}
    return stage
"""

# What every wrapper uses: globals, because the interpreter copies what a closure holds at every call.
_GLOBALS: Final[dict[str, Any]] = {
    "_w_holder": holder,
    "_w_switch": switch,
    "_w_current": tracing.get_current,
    "_w_attach": tracing.attach,
    "_w_reset": tracing.reset,
    "_w_suppress": tracing.SUPPRESS_KEYS[0],
    "_w_suppress_plain": tracing.SUPPRESS_KEYS[-1],
    "_w_first": generators.first_step,
    "_w_hide": guard.drop_frame,
}
# As `otelwod.stages.block.recording_context`; inline, because a call of it would be most of what a stage costs then.
_OFF: Final = """(
            _w_holder._TRACER_PROVIDER is _w_switch.silent
            or (_w_context := _w_current()).get(_w_suppress)
            or _w_context.get(_w_suppress_plain)
        )"""
_BEGIN: Final = "_w_begin(_w_context{arguments})"

# What the consumer sends, throws and closes reaches the generator as it is. `yield from` would not do: it turns a
# GeneratorExit that is thrown into a close.
_STEPS: Final = """
    {define} stage({parameters}):
        _w_source = _w_function({call})
        _w_run = _w_steps(None if {off} else {begin})
        _w_moves = _w_run.moves
        _w_token = _w_run.token
        _w_count = 0
        try:
            _w_send = _w_source.{send}
            _w_item = {wait}{first}
            while True:
                _w_count += 1
                if _w_moves:
                    _w_saved = _w_current()
                    _w_reset(_w_token)
                _w_thrown = None
                try:
                    _w_sent = yield _w_item
                except BaseException as _w_error:
                    _w_thrown = _w_error
                if _w_moves:
                    _w_token = _w_attach(_w_saved)
                if _w_thrown is None:
                    _w_item = {wait}_w_send(_w_sent)
                else:
                    _w_hide(_w_thrown)
                    _w_item = {wait}_w_source.{throw}(_w_thrown)
        except {stop}:
            _w_run.finished(_w_token, _w_count, {value})
            {leave}
        except BaseException as _w_error:
            _w_run.failed(_w_token, _w_count, _w_error)
            raise
"""

_BODIES: Final[dict[Sort, str]] = {
    "function": """
    def stage({parameters}):
        _w_block = None if {off} else {begin}
        try:
            _w_result = _w_function({call})
        except BaseException as _w_error:
            try:
                _w_fail(_w_block, _w_error)
            except RecursionError:
                pass
            raise
        if _w_block is not None:
            _w_done(_w_block, _w_result)
        return _w_result
""",
    "coroutine": """
    async def stage({parameters}):
        if {off}:
            try:
                return await _w_function({call})
            except BaseException as _w_error:
                _w_fail(None, _w_error)
                raise
        _w_block = {begin}
        try:
            _w_result = await _w_function({call})
        except BaseException as _w_error:
            try:
                _w_fail(_w_block, _w_error)
            except RecursionError:
                pass
            raise
        if _w_block is not None:
            _w_done(_w_block, _w_result)
        return _w_result
""",
    "generator": _STEPS,
    "async generator": _STEPS,
}

_WORDS: Final[dict[Sort, dict[str, str]]] = {
    "generator": {
        "define": "def",
        "wait": "",
        "send": "send",
        "throw": "throw",
        "first": "_w_send(None)",
        "stop": "StopIteration as _w_stop",
        "value": "_w_stop.value",
        "leave": "return _w_stop.value",
    },
    "async generator": {
        "define": "async def",
        "wait": "await ",
        "send": "asend",
        "throw": "athrow",
        "first": "_w_first(_w_source)",
        "stop": "StopAsyncIteration",
        "value": "None",
        "leave": "return",
    },
}


def shim(function: Callable[..., Any], sort: Sort, stage: Stage, *, captures_arguments: bool) -> FunctionType:
    """The wrapper of ``function`` for ``stage``; names and signature are for the caller to copy."""
    shape = shape_of(function)
    naming, arguments = None, ""
    if captures_arguments and shape is not ANY_SHAPE and has_own_names(function):
        arguments = f", {{{shape.names}}}"
    elif captures_arguments:
        naming = naming_of(function)
        arguments = f", _w_naming({shape.call})" if naming is not None else ""
    factory = _factory(sort, shape.parameters, shape.call, arguments)
    wrapper: FunctionType = factory(
        function,
        stage.begin,
        stage.done if stage.extras else stage.close,
        stage.fail,
        partial(generators.Run, stage),
        naming,
    )
    if shape is not ANY_SHAPE and isinstance(function, FunctionType):
        wrapper.__defaults__ = function.__defaults__
        wrapper.__kwdefaults__ = function.__kwdefaults__
    return wrapper


def shape_of(function: Callable[..., Any]) -> Shape:
    """The shape of a plain function, read from its code; of anything else one that takes all."""
    if type(function) is not FunctionType:
        return ANY_SHAPE
    code = function.__code__
    positional = code.co_argcount
    names = list(code.co_varnames[: positional + code.co_kwonlyargcount])
    extra = iter(code.co_varnames[len(names) :])
    variable = next(extra) if code.co_flags & inspect.CO_VARARGS else None
    keywords = next(extra) if code.co_flags & inspect.CO_VARKEYWORDS else None
    every = [*names[:positional], *filter(None, (variable,)), *names[positional:], *filter(None, (keywords,))]
    if len(every) > MAX_PARAMETERS or any(
        not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_w_") for name in every
    ):
        return ANY_SHAPE
    # Every default stands for itself here: the real ones are set on the wrapper, by reference.
    defaults = len(function.__defaults__ or ())
    required_keywords = set(names[positional:]) - set(function.__kwdefaults__ or ())
    parameters = [name if at < positional - defaults else f"{name}=None" for at, name in enumerate(names[:positional])]
    if code.co_posonlyargcount:
        parameters.insert(code.co_posonlyargcount, "/")
    call = names[:positional]
    if variable is not None:
        parameters.append(f"*{variable}")
        call.append(f"*{variable}")
    elif code.co_kwonlyargcount:
        parameters.append("*")
    for name in names[positional:]:
        parameters.append(name if name in required_keywords else f"{name}=None")
        call.append(f"{name}={name}")
    if keywords is not None:
        parameters.append(f"**{keywords}")
        call.append(f"**{keywords}")
    shown = every[1:] if every[:1] in (["self"], ["cls"]) else every
    return Shape(", ".join(parameters), ", ".join(call), ", ".join(f"{name!r}: {name}" for name in shown))


@lru_cache(maxsize=4096)
def _factory(sort: Sort, parameters: str, call: str, arguments: str) -> Callable[..., FunctionType]:
    begin = _BEGIN.format(arguments=arguments)
    words = _WORDS.get(sort, {})
    body = _BODIES[sort].format(parameters=parameters, call=call, begin=begin, off=_OFF, **words)
    names = dict(_GLOBALS)
    # Nothing but identifiers of the function's own parameters is put into the template.
    exec(compile(_FACTORY.format(body=body), f"<otelwod stage: {sort}>", "exec"), names)  # noqa: S102
    factory: Callable[..., FunctionType] = names["factory"]
    return factory
