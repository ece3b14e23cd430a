"""What stages promise, and the tests that would fail without it: the place to begin reading these tests.

A test is named by its module (without ``test_stages_``) and what comes after ``test_`` in its name.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

PROMISES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # ------------------------------------------------------------------------------------------ what can be decorated
    ("functions", ("callables.a_function_gets_a_span_with_name_and_place",)),
    ("coroutine functions, over the await", ("callables.a_coroutine_function_gets_a_span_over_the_await",)),
    (
        "generators, over the iteration",
        ("generators.the_span_covers_the_iteration_and_is_not_current_in_the_consumer",),
    ),
    ("asynchronous generators, over the iteration", ("generators.an_async_generator_covers_the_iteration",)),
    (
        "methods, static and class methods, the decorators in either order",
        ("callables.methods_static_and_class_methods_in_either_order",),
    ),
    (
        "whole classes: their public methods",
        (
            "callables.a_class_gets_its_own_public_methods_decorated",
            "callables.methods_of_a_class_in_what_functools_wraps_them_in",
        ),
    ),
    (
        "under @contextmanager and @asynccontextmanager",
        (
            "generators.under_contextmanager_the_body_is_inside_the_span",
            "generators.under_asynccontextmanager_the_body_is_inside_the_span",
        ),
    ),
    (
        "above @contextmanager and @asynccontextmanager",
        ("span.above_contextmanager_the_span_is_the_with_block", "span.above_asynccontextmanager"),
    ),
    (
        "callable objects",
        (
            "callables.callable_objects_keep_being_themselves",
            "callables.callable_objects_with_a_coroutine_call",
            "callables.a_cached_function_keeps_its_cache_and_binds_as_a_method",
        ),
    ),
    ("partials", ("callables.partials",)),
    ("built-ins and bound methods", ("callables.builtins_and_bound_methods",)),
    (
        "introspection stays true",
        ("callables.introspection_stays_true", "generators.introspection_stays_true"),
    ),
    ("typing keeps the signature", ("typing.mypy_finds_the_wrong_lines_and_no_others",)),
    (
        "arguments bind, and wrong ones are refused, as without the decorator",
        (
            "callables.arguments_bind_as_in_the_original_and_wrong_ones_say_the_same",
            "callables.wrong_arguments_of_coroutines_and_generators_are_told_at_the_call",
        ),
    ),
    # ------------------------------------------------------------------------------------------------------ generators
    (
        "a generator's span never leaks into its consumer",
        (
            "generators.the_span_covers_the_iteration_and_is_not_current_in_the_consumer",
            "contexts.a_generator_that_goes_on_in_another_context_at_every_step",
        ),
    ),
    ("send, throw and return values are kept", ("generators.send_throw_and_return_values_are_kept",)),
    ("asend, athrow and aclose are kept", ("generators.asend_athrow_and_aclose_are_kept",)),
    ("closing early is no error", ("generators.an_early_close_is_no_error",)),
    (
        "interleaved generators are each right",
        ("generators.interleaved_generators_are_each_right", "generators.interleaved_async_generators_are_each_right"),
    ),
    (
        "closing from another task or context logs nothing",
        ("generators.closing_from_another_task_logs_nothing", "generators.closing_in_another_context_logs_nothing"),
    ),
    # ------------------------------------------------------------------------------------------------------ exceptions
    (
        "cancellation is an error with error.type, and passes",
        ("errors.cancellation_passes_and_is_an_error", "generators.a_cancelled_async_generator_is_an_error_and_passes"),
    ),
    ("KeyboardInterrupt and SystemExit are errors, and pass", ("errors.interrupt_and_exit_pass_and_are_errors",)),
    (
        "GeneratorExit is no error",
        ("generators.an_early_close_is_no_error", "errors.a_coroutine_that_is_closed_early_is_no_error"),
    ),
    (
        "an exception is recorded once, at its origin, and marked on its way up",
        (
            "errors.an_exception_is_recorded_once_at_its_origin_and_marked_above",
            "errors.the_same_across_coroutines_tasks_and_generators",
        ),
    ),
    (
        "results, exceptions and tracebacks of the host are the same",
        (
            "identity.random_programs_give_the_same",
            "identity.random_consumers_see_the_same_generator",
            "identity.random_consumers_see_the_same_async_generator",
            "errors.the_host_sees_its_own_exception_however_hostile",
            "errors.the_traceback_shows_the_host_s_frames_only",
        ),
    ),
    (
        "nothing of ours, and of no processor, reaches the host",
        ("errors.a_processor_that_raises_does_not_reach_the_host",),
    ),
    # ----------------------------------------------------------------------------------------------------- no decorator
    ("with span, async with span", ("span.a_span_without_a_decorator", "span.an_async_span")),
    ("start_span: a span that ends elsewhere", ("span.an_open_span_ends_elsewhere",)),
    ("wait is phase=rest", ("span.waiting_is_rest",)),
    ("metric, on the current span", ("notes.a_metric_is_an_event_of_the_current_span",)),
    ("annotate, on the current span", ("notes.annotations_of_any_value",)),
    ("log, on the current span", ("notes.a_log_line_is_an_event_inside_a_span",)),
    (
        "outside a span or with tracing off, the standard logging",
        ("notes.where_nothing_records_notes_go_to_the_standard_logging",),
    ),
    (
        "an invalid metric is an error in strict mode, and counted otherwise",
        (
            "notes.an_invalid_metric_is_an_error_in_strict_mode",
            "notes.an_invalid_metric_is_counted_and_shown_as_rejected",
        ),
    ),
    # --------------------------------------------------------------------------------------------------------- options
    ("phase, attributes", ("callables.nesting_gives_parents_and_only_leaves_have_a_phase",)),
    (
        "capture, with secrets masked",
        (
            "capture.arguments_and_result_are_captured_only_when_asked",
            "arguments.a_positional_secret_is_masked_by_the_name_of_its_parameter",
        ),
    ),
    ("items", ("capture.items_of_a_result",)),
    ("histogram", ("capture.a_histogram_on_request",)),
    ("an option that means nothing is refused at decoration", ("options.a_stage_is_refused_at_decoration",)),
    # ------------------------------------------------------------------------------------------------------------- off
    ("off: no provider", ("off.without_a_provider_a_stage_calls_straight_through",)),
    ("off: SDK disabled", ("off.with_the_sdk_disabled_a_stage_calls_straight_through",)),
    ("off: suppress_instrumentation", ("off.suppressed_instrumentation_makes_no_spans",)),
    ("a provider that is set later is noticed", ("off.a_provider_that_is_set_later_or_replaced_is_noticed",)),
    # ------------------------------------------------------------------------------------------- context that follows
    ("the wrapping executor", ("propagation.the_wrapping_executor_submits_maps_and_ends",)),
    ("submit, for pools of threads", ("propagation.submit_keeps_the_parent_in_a_thread_pool",)),
    ("message headers, W3C", ("propagation.headers_out_and_in",)),
    (
        "another process, by its environment",
        ("propagation.a_child_process_continues_the_trace_through_its_environment",),
    ),
    # ----------------------------------------------------------------------------------------------------------- memory
    (
        "nothing grows (benchmarks/stages.py --soak: a million calls, 10^7 items)",
        ("identity.many_calls_leave_no_growth", "generators.a_hundred_thousand_items_keep_nothing"),
    ),
    ("every example of the guide runs", ("docs.an_example_gives_the_spans_that_it_promises",)),
)


def names_in(module: str) -> set[str]:
    path = Path(__file__).with_name(f"test_stages_{module}.py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@pytest.mark.parametrize(("promise", "tests"), PROMISES)
def test_every_promise_has_its_tests(promise: str, tests: tuple[str, ...]) -> None:
    for test in tests:
        module, _, name = test.partition(".")
        assert f"test_{name}" in names_in(module), promise


def test_no_promise_stands_twice() -> None:
    assert len({promise for promise, _ in PROMISES}) == len(PROMISES)
