"""`@stage` on everything that can be called: one span a call, and the same callable to whoever looks at it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
from typing import Any

import pytest
from opentelemetry import trace as trace_api

from otelwod.stages import span, stage


@stage
def plain(a: int, b: int = 2, *rest: int, key: int = 4, **more: int) -> tuple[Any, ...]:
    """Adds nothing."""
    return a, b, rest, key, more


@stage("renamed", phase="rest", attributes={"team": "data", "api_key": "abc"})
async def coroutine(a: int, /, *, b: int = 1) -> int:
    await asyncio.sleep(0)
    return a + b


class Service:
    factor = 3

    @stage
    def method(self, x: int) -> int:
        return x * self.factor

    @stage
    @classmethod
    def class_outside(cls, x: int) -> int:
        return x * cls.factor

    @classmethod
    @stage
    def class_inside(cls, x: int) -> int:
        return x * cls.factor

    @stage
    @staticmethod
    def static_outside(x: int) -> int:
        return x + 1

    @staticmethod
    @stage
    def static_inside(x: int) -> int:
        return x + 1

    @stage
    async def async_method(self, x: int) -> int:
        return x


def test_a_function_gets_a_span_with_name_and_place(recorded: Any) -> None:
    assert plain(1, 5, 6, key=7, z=8) == (1, 5, (6,), 7, {"z": 8})
    found = recorded.one("plain")
    assert dict(found.attributes) == {
        "otelwod.stage.name": "plain",
        "code.function.name": f"{__name__}.plain",
        "otelwod.phase": "work",
    }
    assert found.status.status_code is trace_api.StatusCode.UNSET
    assert found.instrumentation_scope.name == "otelwod"


def test_a_coroutine_function_gets_a_span_over_the_await(recorded: Any) -> None:
    assert asyncio.run(coroutine(1, b=2)) == 3
    found = recorded.one("renamed")
    assert found.attributes["otelwod.phase"] == "rest"
    assert found.attributes["team"] == "data"
    assert found.attributes["api_key"] == "[redacted]"


def test_methods_static_and_class_methods_in_either_order(recorded: Any) -> None:
    service = Service()
    assert service.method(2) == 6
    assert Service.class_outside(2) == service.class_outside(2) == 6
    assert Service.class_inside(2) == service.class_inside(2) == 6
    assert Service.static_outside(2) == service.static_outside(2) == 3
    assert Service.static_inside(2) == service.static_inside(2) == 3
    assert asyncio.run(service.async_method(5)) == 5
    assert recorded.names.count("Service.static_outside") == 2
    assert set(recorded.names) == {
        "Service.method",
        "Service.class_outside",
        "Service.class_inside",
        "Service.static_outside",
        "Service.static_inside",
        "Service.async_method",
    }
    assert isinstance(vars(Service)["class_outside"], classmethod)
    assert isinstance(vars(Service)["static_outside"], staticmethod)


def test_a_class_gets_its_own_public_methods_decorated(recorded: Any) -> None:
    class Base:
        def inherited(self) -> str:
            return "base"

    @stage("svc")
    class Thing(Base):
        constant = 1

        def __init__(self) -> None:
            self.value = 2

        def run(self) -> int:
            return self._hidden()

        @staticmethod
        def fixed() -> int:
            return 3

        @classmethod
        def made(cls) -> int:
            return cls.constant

        @property
        def prop(self) -> int:
            return self.value

        @stage("own name")
        def named(self) -> int:
            return 4

        async def later(self) -> int:
            return 5

        def _hidden(self) -> int:
            return 6

    thing = Thing()
    assert isinstance(Thing, type)
    assert Thing.__name__ == "Thing"
    assert (thing.run(), thing.fixed(), thing.made(), thing.prop, thing.named(), thing.inherited()) == (
        6,
        3,
        1,
        2,
        4,
        "base",
    )
    assert asyncio.run(thing.later()) == 5
    assert recorded.names == ["svc.run", "svc.fixed", "svc.made", "own name", "svc.later"]


def test_methods_of_a_class_in_what_functools_wraps_them_in(recorded: Any) -> None:
    @stage("svc")
    class Thing:
        @functools.lru_cache(maxsize=8)  # noqa: B019 - this is what is tested
        def cached(self, x: int) -> int:
            return x * 2

        @staticmethod
        @functools.lru_cache
        def fixed(x: int) -> int:
            return x + 1

        @functools.singledispatchmethod
        def shown(self, what: Any) -> str:
            return "any"

        @shown.register
        def _(self, what: int) -> str:
            return "int"

        def power(self, base: int, exponent: int) -> int:
            return base**exponent

        square = functools.partialmethod(power, exponent=2)

        @functools.cached_property
        def size(self) -> int:
            return 7

        @property
        def plain(self) -> int:
            return 8

        helper = len

    thing = Thing()
    assert (thing.cached(2), thing.cached(2), Thing.fixed(1)) == (4, 4, 2)
    assert Thing.cached.cache_info().hits == 1
    assert (thing.shown("a"), thing.shown(1)) == ("any", "int")
    assert (thing.square(3), thing.power(2, 3)) == (9, 8)
    assert (thing.size, thing.size, thing.plain, thing.helper([1])) == (7, 7, 8, 1)
    assert recorded.names == [
        *("svc.cached", "svc.cached", "svc.fixed", "svc.shown", "svc.shown", "svc.square", "svc.power", "svc.size")
    ]
    assert str(inspect.signature(Thing.square)) == "(self, base: 'int', *, exponent: 'int' = 2) -> 'int'"


def test_decorating_a_class_again_or_its_methods_first_makes_no_second_span(recorded: Any) -> None:
    @stage
    @stage
    class Thing:
        @functools.singledispatchmethod
        @stage("own")
        def shown(self, what: Any) -> str:
            return "any"

        @functools.cached_property
        def size(self) -> int:
            return 7

        def power(self, base: int, exponent: int) -> int:
            return base**exponent

        square = functools.partialmethod(power, exponent=2)

        @functools.lru_cache  # noqa: B019 - this is what is tested
        def cached(self) -> int:
            return 3

    thing = Thing()
    assert (thing.shown(1), thing.size, thing.square(2), thing.cached()) == ("any", 7, 4, 3)
    assert [name.rpartition(".")[2] for name in recorded.names] == ["own", "size", "square", "cached"]


def test_a_class_without_a_name_uses_its_own(recorded: Any) -> None:
    @stage
    class Plain:
        def go(self) -> None: ...

    Plain().go()
    assert recorded.names == ["Plain.go"]


def test_callable_objects_keep_being_themselves(recorded: Any) -> None:
    class Adder:
        """Adds."""

        def __init__(self) -> None:
            self.calls = 0

        def __call__(self, x: int) -> int:
            self.calls += 1
            return x + 1

    adder = Adder()
    staged = stage("adder")(adder)
    assert staged(1) == 2
    assert staged.calls == 1
    assert staged.__wrapped__ is adder
    assert staged.__doc__ == "Adds."
    assert "Adder" in repr(staged)
    assert recorded.names == ["adder"]


def test_callable_objects_with_a_coroutine_call(recorded: Any) -> None:
    class Later:
        async def __call__(self) -> int:
            await asyncio.sleep(0)
            return 7

    assert asyncio.run(stage(Later())()) == 7
    assert recorded.names == ["Later"]


def test_a_cached_function_keeps_its_cache_and_binds_as_a_method(recorded: Any) -> None:
    class Box:
        @stage
        @functools.lru_cache(maxsize=8)  # noqa: B019 - this is what is tested
        def double(self, x: int) -> int:
            return x * 2

    box = Box()
    assert (box.double(2), box.double(2)) == (4, 4)
    assert Box.double.cache_info().hits == 1
    assert len(recorded.ended) == 2


def test_partials(recorded: Any) -> None:
    assert stage(functools.partial(plain.__wrapped__, 1, key=9))(3) == (1, 3, (), 9, {})
    later = stage("later")(functools.partial(coroutine.__wrapped__, 4))
    assert inspect.iscoroutinefunction(later)
    assert asyncio.run(later(b=3)) == 7
    assert recorded.names == ["plain", "later"]


def test_builtins_and_bound_methods(recorded: Any) -> None:
    assert stage(len)([1, 2]) == 2
    assert stage([3, 1].index)(1) == 1
    assert stage(Service().method.__wrapped__.__get__(Service()))(2) == 6
    assert recorded.names == ["len", "list.index", "Service.method"]


def test_introspection_stays_true() -> None:
    def original(a: int, /, b: int, *args: int, c: int = 3, **kw: int) -> int:
        """Words."""
        return a

    wrapped = stage(original)
    assert inspect.signature(wrapped) == inspect.signature(original)
    assert inspect.signature(wrapped, follow_wrapped=False).parameters.keys() == {"a", "b", "args", "c", "kw"}
    assert wrapped.__wrapped__ is original
    assert (wrapped.__name__, wrapped.__qualname__, wrapped.__doc__, wrapped.__module__, wrapped.__annotations__) == (
        original.__name__,
        original.__qualname__,
        original.__doc__,
        original.__module__,
        original.__annotations__,
    )
    assert inspect.isfunction(wrapped)
    assert inspect.iscoroutinefunction(coroutine)
    assert not inspect.iscoroutinefunction(plain)
    assert inspect.getsource(plain).startswith("@stage")
    assert pickle.loads(pickle.dumps(plain)) is plain


@pytest.mark.parametrize(
    "function",
    [
        lambda a: a,
        lambda a, b=2: (a, b),
        lambda a, /, b, *, c: (a, b, c),
        lambda *args, **kwargs: (args, kwargs),
        lambda a=1, *args, b, c=3, **kwargs: (a, args, b, c, kwargs),
    ],
)
@pytest.mark.parametrize("call", [((), {}), ((1,), {}), ((1, 2), {"c": 3}), ((1, 2, 3), {}), ((), {"b": 1, "a": 2})])
def test_arguments_bind_as_in_the_original_and_wrong_ones_say_the_same(function: Any, call: Any) -> None:
    args, kwargs = call

    def outcome(f: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except TypeError as error:
            return str(error)

    assert outcome(stage(function)) == outcome(function)


def test_wrong_arguments_of_coroutines_and_generators_are_told_at_the_call() -> None:
    def generator(a: int) -> Any:
        yield a

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        coroutine()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        stage(generator)()  # type: ignore[call-arg]


def test_defaults_are_the_function_s_own_objects() -> None:
    default: list[int] = []

    @stage
    def collect(x: int, into: list[int] = default, *, also: list[int] = default) -> list[int]:
        into.append(x)
        return also

    assert collect(1) is default
    assert default == [1]


def test_odd_parameter_names_fall_back_to_any_arguments() -> None:
    def clash(_w_block: int, x: int = 1) -> int:
        return _w_block + x

    assert stage(clash)(2) == 3
    assert stage(clash)(_w_block=2, x=5) == 7
    many = eval("lambda " + ",".join(f"a{n}" for n in range(150)) + ": a0")
    assert stage(many)(*range(150)) == 0


def test_nesting_gives_parents_and_only_leaves_have_a_phase(recorded: Any) -> None:
    @stage("child")
    def child() -> None: ...

    @stage("parent")
    def parent() -> None:
        child()

    @stage("given", phase="transition")
    def given() -> None:
        parent()

    given()
    assert recorded.parent_name("child") == "parent"
    assert recorded.parent_name("parent") == "given"
    assert recorded.one("child").attributes["otelwod.phase"] == "work"
    assert "otelwod.phase" not in recorded.one("parent").attributes
    assert recorded.one("given").attributes["otelwod.phase"] == "transition"


def test_the_span_is_current_inside_and_foreign_spans_nest(recorded: Any) -> None:
    @stage
    def outer() -> Any:
        with trace_api.get_tracer("theirs").start_as_current_span("theirs"), span("ours"):
            pass
        return trace_api.get_current_span().get_span_context().span_id

    assert outer() == recorded.one("outer").context.span_id
    assert recorded.parent_name("ours") == "theirs"
    assert recorded.parent_name("theirs") == "outer"


def test_tasks_and_threads_do_not_mix(recorded: Any) -> None:
    @stage("inner")
    async def inner(number: int) -> int:
        await asyncio.sleep(0)
        return number

    @stage("job")
    async def job(number: int) -> list[int]:
        return [await inner(number) for _ in range(3)]

    async def main() -> None:
        await asyncio.gather(*(job(number) for number in range(50)))

    asyncio.run(main())
    jobs = {found.context.span_id: found.context.trace_id for found in recorded.ended if found.name == "job"}
    assert len(jobs) == 50
    inners = [found for found in recorded.ended if found.name == "inner"]
    assert len(inners) == 150
    assert all(jobs[found.parent.span_id] == found.context.trace_id for found in inners)


def test_what_cannot_be_decorated_is_told() -> None:
    with pytest.raises(ValueError, match="name is empty"):
        stage(" ")
    with pytest.raises(TypeError, match="cannot decorate a property"):
        stage(property(lambda self: 1))  # type: ignore[type-var]
    with pytest.raises(TypeError, match="takes what can be called, or a name; not 3"):
        stage(3)  # type: ignore[type-var]
