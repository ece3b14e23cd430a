"""Captured arguments have names, by which secrets are masked; where no name can be had, nothing is captured."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otelwod.stages import failures, stage

MASKED = "{'user': 'ann', 'password': [redacted]}"


def login(user: str, password: str) -> str:
    return user


async def login_later(user: str, password: str) -> str:
    return user


def wrapped_by_hand(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


class Login:
    def __call__(self, user: str, password: str) -> str:
        return user

    def method(self, user: str, password: str) -> str:
        return user

    @wrapped_by_hand
    def wrapped(self, user: str, password: str) -> str:
        return user


@contextlib.contextmanager
def session(user: str, password: str) -> Iterator[str]:
    yield user


def captured(recorded: Any) -> str | None:
    (found,) = recorded.ended
    return found.attributes.get("otelwod.stage.args")


@pytest.mark.parametrize(
    "function",
    [
        login,
        wrapped_by_hand(login),
        functools.partial(login),
        functools.lru_cache(login),
        Login(),
        Login().method,
        Login().wrapped,
    ],
)
def test_a_positional_secret_is_masked_by_the_name_of_its_parameter(recorded: Any, function: Any) -> None:
    assert stage("login", capture="args")(function)("ann", "hunter2") == "ann"
    assert captured(recorded) == MASKED


def test_the_same_for_coroutines_managers_and_methods_that_another_decorator_has_wrapped(recorded: Any) -> None:
    capturing = stage("login", capture="args")
    assert asyncio.run(capturing(functools.partial(login_later, "ann"))("hunter2")) == "ann"
    with capturing(session)("ann", "hunter2"):
        pass

    class Sub(Login):
        wrapped = capturing(Login.wrapped)

    Sub().wrapped("ann", "hunter2")
    assert [found.attributes["otelwod.stage.args"] for found in recorded.ended] == [
        "{'password': [redacted]}",
        MASKED,
        MASKED,
    ]


def test_where_there_is_no_signature_nothing_is_captured(recorded: Any) -> None:
    class Odd:
        __signature__ = "none"

        def __call__(self, *args: Any) -> int:
            return len(args)

    class Worse:
        @property
        def __signature__(self) -> Any:
            raise RuntimeError

        def __call__(self, *args: Any) -> int:
            return len(args)

    capturing = stage("call", capture=("args", "result"))
    assert capturing(Odd())("ann", "hunter2") == 2
    assert capturing(Worse())("ann", "hunter2") == 2
    assert capturing(max)(1, 2) == 2  # some built-ins tell no signature
    for found in recorded.ended:
        assert "otelwod.stage.args" not in found.attributes
        assert found.attributes["otelwod.stage.result"] == "2"
    assert failures() == {}


def test_wrong_arguments_say_what_they_said(recorded: Any) -> None:
    capturing = stage("login", capture="args")(wrapped_by_hand(login))
    with pytest.raises(TypeError, match=r"login\(\) missing 1 required positional argument"):
        capturing("ann")
    assert captured(recorded) == "{}"
