"""Whatever the spans, a page is drawn: in its width, without a control character, the same every time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod import conventions as c
from otelwod.insight.analysis import analyze_traces
from otelwod.trace import SpanEvent, SpanRecord, Trace
from otelwod.views.console import render_report, render_workout
from otelwod.views.text import cells

names = st.text(max_size=12)
values = st.booleans() | st.integers(-5, 10**6) | st.floats() | st.text(max_size=6)
times = st.integers(0, 10**11) | st.integers(0, 20) | st.just(1_700_000_000 * 10**9)
keys = st.sampled_from(
    [
        *(c.BLOCK_TYPE, c.SEGMENT_TYPE, c.SEGMENT_INDEX, c.SEGMENT_LABEL, c.PHASE, c.MOVEMENT_NAME, c.REPS_DONE),
        *(c.REPS_TARGET, c.DISTANCE_DONE, c.LOAD_DISPLAY, c.HEART_RATE_MEAN, c.SCORE_DISPLAY, c.WORKOUT_FORMAT),
    ]
)
kinds = st.sampled_from(["effort", "rest", "session", "round", "minute", "work", "for_time", "emom"])
metrics = st.dictionaries(st.sampled_from([c.METRIC_NAME, c.METRIC_VALUE, c.METRIC_UNIT, c.REASON]), values)
events = st.builds(
    SpanEvent,
    st.sampled_from([c.EVENT_METRIC_RECORDED, c.EVENT_METRIC_REJECTED, "exception"]),
    times,
    metrics,
)


@st.composite
def records(draw: st.DrawFn) -> list[SpanRecord]:
    made = []
    for number in range(draw(st.integers(0, 14))):
        start = draw(times)
        attributes = draw(st.dictionaries(keys, (values | kinds), max_size=6))
        made.append(
            SpanRecord(
                draw(st.sampled_from(["a", "b"])),
                str(number),
                str(draw(st.integers(-1, number))) if draw(st.booleans()) else None,
                draw(names),
                start,
                draw(st.none() | times.map(lambda length, start=start: start + length)),  # type: ignore[misc]
                status=draw(st.sampled_from(["unset", "ok", "error"])),
                status_message=draw(names),
                attributes=attributes,
                events=tuple(draw(st.lists(events, max_size=2))),
                resource={c.SERVICE_NAME: draw(names)},
            )
        )
    return made


@settings(max_examples=50, deadline=None)
@given(records(), st.integers(40, 130), st.integers(1, 8), st.integers(1, 5))
def test_any_spans_make_a_page(spans: list[SpanRecord], width: int, rows: int, depth: int) -> None:
    report = analyze_traces(Trace.from_records(spans))
    for render in (render_report, render_workout):
        page = render(report, width=width, rows=rows, depth=depth)
        assert page == render(report, width=width, rows=rows, depth=depth)
        for line in page.splitlines():
            assert cells(line) <= width
            assert all(character >= " " and not "\x7f" <= character < "\xa0" for character in line)
    assert render_report(report, width=width).endswith("\n")
    assert len(render_report(report, width=width, ascii_only=True).splitlines()) == len(
        render_report(report, width=width).splitlines()
    )
