"""What a stage notes on request: arguments and result, items, the histogram."""

from __future__ import annotations

import asyncio
import pathlib
from typing import Any

import pytest
from opentelemetry import metrics as metrics_api
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otelwod.conventions import MAX_DISTINCT, OTHER
from otelwod.stages import failures, instruments, span, stage
from otelwod.telemetry.redaction import MASK


def test_arguments_and_result_are_captured_only_when_asked(recorded: Any) -> None:
    class Session:
        @stage("login", capture=("args", "result"))
        def login(self, user: str, password: str, *rest: int, retry: bool = False, **more: Any) -> dict[str, Any]:
            return {"user": user, "token": "abc", "cookie": [1]}

    @stage("silent")
    def silent(user: str) -> str:
        return user

    Session().login("ann", "hunter2", 1, api_key="k")
    silent("ann")
    found = recorded.one("login").attributes
    assert found["otelwod.stage.args"] == (
        "{'user': 'ann', 'password': [redacted], 'rest': (1,), 'retry': False, 'more': {'api_key': [redacted]}}"
    )
    assert found["otelwod.stage.result"] == "{'user': 'ann', 'token': [redacted], 'cookie': [redacted]}"
    assert "otelwod.stage.args" not in recorded.one("silent").attributes


def test_captured_values_are_bounded_and_run_no_code_of_the_host(recorded: Any) -> None:
    class Slow:
        def __repr__(self) -> str:
            raise AssertionError("called")

        __str__ = __len__ = __iter__ = __class__ = property(__repr__)  # type: ignore[assignment]

    cyclic: list[Any] = []
    cyclic.append(cyclic)
    deep: Any = 1
    for _ in range(10_000):
        deep = [deep]

    @stage("big", capture=["args", "result"])
    def big(*parts: Any) -> Any:
        return parts

    big(Slow(), cyclic, deep, "x" * 10_000_000, dict.fromkeys(range(1_000_000)))
    for key in ("otelwod.stage.args", "otelwod.stage.result"):
        assert len(recorded.one("big").attributes[key]) <= 1024
    assert failures() == {}


def test_capture_of_coroutines_generators_and_objects(recorded: Any) -> None:
    @stage("c", capture="result")
    async def coroutine(x: int) -> int:
        return x * 2

    @stage("g", capture=("args", "result"))
    def generator(x: int) -> Any:
        yield x
        return "end"

    @stage("o", capture="args")
    class Unused:
        def run(self, a: int) -> int:
            return a

    asyncio.run(coroutine(4))
    list(generator(3))
    Unused().run(5)
    stage("len", capture="args")(len)([1])
    assert recorded.one("c").attributes["otelwod.stage.result"] == "8"
    assert recorded.one("g").attributes["otelwod.stage.args"] == "{'x': 3}"
    assert recorded.one("g").attributes["otelwod.stage.result"] == "'end'"
    assert recorded.one("o.run").attributes["otelwod.stage.args"] == "{'a': 5}"
    assert recorded.one("len").attributes["otelwod.stage.args"] == "{'obj': [1]}"


def test_items_of_a_result(recorded: Any) -> None:
    @stage("load", items=len)
    def load() -> list[int]:
        return [1, 2, 3]

    @stage("odd", items=lambda result: 1 // 0)
    def odd() -> int:
        return 5

    load()
    assert odd() == 5
    assert recorded.one("load").attributes["otelwod.stage.items"] == 3
    assert "otelwod.stage.items" not in recorded.one("odd").attributes
    assert failures() == {"items, result or histogram of a stage": 1}
    for number, wrong in enumerate(("three", None, 1.5, True, -1, [1]), start=2):
        stage(f"wrong {number}", items=lambda result: result)(lambda wrong=wrong: wrong)()
        assert "otelwod.stage.items" not in recorded.one(f"wrong {number}").attributes
        assert failures() == {"items, result or histogram of a stage": number}


def test_a_histogram_on_request(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics_api, "get_meter", lambda *a, **k: provider.get_meter("otelwod"))
    instruments._duration.cache_clear()

    @stage("timed", histogram=True)
    def timed(fail: bool) -> None:
        if fail:
            raise ValueError

    @stage("timed generator", histogram=True)
    def generator() -> Any:
        yield 1
        yield 2

    timed(False)
    timed(False)
    with pytest.raises(ValueError):
        timed(True)
    for _ in generator():
        break
    with span("timed span", histogram=True):
        pass
    data = reader.get_metrics_data()
    instruments._duration.cache_clear()
    (found,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (found.name, found.unit) == ("otelwod.stage.duration", "s")
    assert {
        (point.attributes["otelwod.stage.name"], point.attributes.get("error.type")): point.count
        for point in found.data.data_points
    } == {
        ("timed", None): 2,
        ("timed", "ValueError"): 1,
        ("timed generator", None): 1,
        ("timed span", None): 1,
    }
    assert found.data.data_points[0].explicit_bounds == instruments.BUCKETS_S


def test_distinct_names_of_a_metric_are_capped() -> None:
    capped = instruments.Capped()
    names = [capped(str(number)) for number in range(MAX_DISTINCT + 5)]
    assert names[MAX_DISTINCT - 1] == str(MAX_DISTINCT - 1)
    assert set(names[MAX_DISTINCT:]) == {OTHER}
    assert capped("0") == "0"


class Text(str):
    """A text of the host, with methods that must not run."""

    def __str__(self) -> str:
        raise AssertionError("called")

    __repr__ = __getitem__ = __len__ = __str__  # type: ignore[assignment]


@pytest.mark.parametrize(
    "value",
    [
        "Authorization: Token SECRET",
        "Cookie: a=S; sid=SECRET",
        b"password=SECRET",
        Text("password=SECRET"),
        [(b"authorization", b"Bearer SECRET")],
        {b"authorization": b"Bearer SECRET"},
        {Text("password"): "SECRET"},
        [("Cookie", "sid=SECRET")],
        (("password", "SECRET"),),
        {"auth": ("u", "SECRET")},
        {"dsn": "SECRET", "otp": 1},
        ["mysql", "--password", "SECRET"],
        ["--password", b"SECRET"],
        "--password SECRET",
        pathlib.PurePosixPath("/x?token=SECRET"),
        "x" * 990 + " postgres://ann:SECRET" + "y" * 200 + "@host",
        b"x" * 990 + b" postgres://ann:SECRET" + b"y" * 200 + b"@host",
    ],
    ids=lambda value: type(value).__name__,
)
def test_secrets_are_masked_in_whatever_holds_them(recorded: Any, value: Any) -> None:
    @stage("s", capture=("args", "result"))
    def call(*given: Any) -> Any:
        return value

    call(value)
    with span("with", attributes={"a": value, "b": [value, "c"]}):
        pass
    for name in ("s", "with"):
        found = recorded.one(name)
        assert found.attributes
        assert "SECRET" not in str(dict(found.attributes))
    assert MASK in recorded.one("s").attributes["otelwod.stage.args"] or isinstance(value, (str, bytes))


def test_a_secret_divided_by_the_cut_of_a_text_is_masked(recorded: Any) -> None:
    message = "x" * 4075 + " postgres://ann:SECRET@host" + " password=" + "SECRET" * 4000
    with pytest.raises(ValueError), span("s"):
        raise ValueError(message)
    (event,) = recorded.one("s").events
    assert "SECRET" not in str(dict(event.attributes))
