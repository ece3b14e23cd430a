"""An option that means nothing is told when a stage is made, with what to give instead."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from otelwod.stages import TracedExecutor, failures, set_strict, span, stage, start_span

WRONG = [
    ({"phase": "sleep"}, ValueError, "phase is one of work, rest"),
    ({"phase": []}, ValueError, "phase is one of"),
    ({"attributes": 3}, TypeError, "attributes is a mapping of names to values"),
    ({"attributes": {3: 4}}, TypeError, "name of an attribute is a text"),
    ({"attributes": {" ": 4}}, TypeError, "name of an attribute is a text"),
    ({"histogram": "x"}, TypeError, "histogram is True or False, not 'x'"),
    ({"histogram": 1}, TypeError, "histogram is True or False"),
    ({"kind": "server"}, TypeError, "kind is a SpanKind, such as SpanKind.SERVER"),
]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        *WRONG,
        ({"rollup": 3}, TypeError, "rollup is True .always., False .never. or left out"),
        ({"rollup": 1}, TypeError, "rollup is True"),
        ({"items": 3}, TypeError, "items is a function of the result that gives a count, such as len"),
        ({"items": "len"}, TypeError, "items is a function"),
        ({"capture": 3}, TypeError, 'capture is "args", "result" or both'),
        ({"capture": None}, TypeError, "capture is"),
        ({"capture": "everything"}, ValueError, 'capture takes "args" and "result", not \'everything\''),
        ({"capture": ("args", [])}, ValueError, "capture takes"),
    ],
)
def test_a_stage_is_refused_at_decoration(options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=f"^stage: .*{words}"):
        stage("x", **options)


@pytest.mark.parametrize(("options", "error", "words"), WRONG)
@pytest.mark.parametrize("make", [span, start_span])
def test_a_span_is_repaired_and_counted_or_refused_in_strict_mode(
    recorded: Any, make: Any, options: Any, error: type[Exception], words: str
) -> None:
    with make("s", **options):
        pass
    (found,) = recorded.ended
    assert (found.name, found.kind) == ("s", SpanKind.INTERNAL)
    assert found.attributes["otelwod.phase"] == "work"
    told = "attributes" in options and isinstance(options["attributes"], dict)  # read name by name, at no cost
    assert failures() == ({} if told else {"options of a span": 1})
    set_strict(True)
    with pytest.raises(error, match=f"^{make.__name__}: .*{words}"):
        make("s", **options)


def test_what_is_right_is_taken() -> None:
    for capture in ((), "args", "result", ("result", "args"), iter(["args"]), {"args"}):
        stage("x", capture=capture, rollup=False, items=len, attributes={"a": None}, kind=SpanKind.CLIENT)  # type: ignore[arg-type]


class _Empty:
    field = 1

    def _private(self) -> None: ...

    @property
    def shown(self) -> int:
        return 1


@pytest.mark.parametrize("decorate", [stage, stage("parse"), stage(rollup=True)])
@pytest.mark.parametrize("cls", [int, dict, Exception, _Empty])
def test_a_class_without_methods_of_its_own_is_refused(decorate: Any, cls: type) -> None:
    with pytest.raises(TypeError, match=f"^stage: the class {cls.__name__} has no public method .*; put @stage on"):
        decorate(cls)


@pytest.mark.parametrize("given", [3, "x", None, ThreadPoolExecutor, [].append])
def test_what_is_no_executor_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match=r"^TracedExecutor: takes an executor, such as ThreadPoolExecutor\(4\), not "):
        TracedExecutor(given)


def test_a_class_is_decorated_twice_whatever_its_only_method_is_wrapped_in() -> None:
    for wrap in (functools.lru_cache, functools.cached_property, staticmethod, functools.singledispatchmethod):
        cls = type("Once", (), {"run": wrap(lambda self: 1)})
        assert stage(stage(cls)) is cls
