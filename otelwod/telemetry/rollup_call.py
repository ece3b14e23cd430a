"""The wrapper in front of a function that may be rolled up, with the very parameters of that function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final

_TEMPLATE: Final = """
def factory(_w_roll, _w_current, _w_plain, _w_timed, _w_elsewhere):
    def rolled_call({parameters}):
        _w_context, _w_next, _w_mask = _w_roll.here
        if _w_current() is not _w_context:
            return _w_elsewhere({parameters})
        _w_call = _w_next()
        if _w_call & _w_mask:
            return _w_plain({parameters})
        return _w_timed(_w_call, {parameters})
    return rolled_call
"""


def parameters_of(function: Callable[..., Any]) -> str:
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
def factory_of(parameters: str) -> Callable[..., Callable[..., Any]]:
    namespace: dict[str, Any] = {}
    # Only identifiers enter the source: the names of a function's parameters.
    exec(_TEMPLATE.format(parameters=parameters), namespace)  # noqa: S102
    factory: Callable[..., Callable[..., Any]] = namespace["factory"]
    return factory
