from __future__ import annotations

import io
import sys
from dataclasses import replace
from textwrap import dedent

import pytest
from views_samples import SECOND, Builder, fran, metric, pipeline

from otelwod import conventions as c
from otelwod.insight.analysis import analyze_traces
from otelwod.insight.comparison import with_comparison
from otelwod.insight.report import Report, StageUse, StageVerdict
from otelwod.trace import Quality, Trace
from otelwod.views import console, words
from otelwod.views.text import cells


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_a_pipeline_as_a_page() -> None:
    assert console.render_report(pipeline().report(), width=80) == lines(
        """
        `resize` holds 62 % of the critical time; 20 % faster makes 4.1 s into about
        3.59 s.
        7 spans · 6 operations · 4.1 s · 1 error

        Trace 5eed
          span            time    self    path  0 s                                4.1 s
        ● main           4.1 s  250 ms   6.1 %  ████████████████████████████████████████
        ● ├ load        700 ms  700 ms  17.1 %  ████████
        ● ├ resize       1.4 s   1.4 s  34.1 %         ███████████████
          ├ thumbnails   1.1 s  200 ms                 ░░░░░░░░░░░░
          │ └ encode    900 ms  900 ms                  ░░░░░░░░░░
        ● ├ ✗ resize    1.15 s  1.15 s  28.1 %                       █████████████
        ● └ save        600 ms  600 ms  14.6 %                                   ███████
          ● critical path · path: how much of the trace this span alone held up · ✗
          failed

        Operations, by their time on the critical path
          operation   calls    path    self   total     p50     p95     max  errors
          resize          2  62.2 %  2.55 s  2.55 s  1.15 s   1.4 s   1.4 s       1
          load            1  17.1 %  700 ms  700 ms  700 ms  700 ms  700 ms
          save            1  14.6 %  600 ms  600 ms  600 ms  600 ms  600 ms
          main            1   6.1 %  250 ms   4.1 s   4.1 s   4.1 s   4.1 s
          encode          1          900 ms  900 ms  900 ms  900 ms  900 ms
          thumbnails      1          200 ms   1.1 s   1.1 s   1.1 s   1.1 s

        What would help
          · `resize`: 20 % faster makes 4.1 s into about 3.59 s; after 300 ms gained,
            what runs beside it decides.
          · `load`: 20 % faster makes 4.1 s into about 3.96 s.
          · `save`: 20 % faster makes 4.1 s into about 3.98 s.
          · `main`: 20 % faster makes 4.1 s into about 4.05 s.
          · No repeated stage is busy all the time: the busiest, `resize`, takes 62 % of
            the time of its 1 worker.
          · On average 1.3 spans worked at once, 2 at most; 73 % of the time only one.

        Errors
          ✗ `resize` absorbed by its parent, 1.15 s of the critical path: MemoryError:
            out of memory

        Data: 7 spans, nothing missing.
        """
    )


def test_a_workout_in_a_coachs_words() -> None:
    assert console.render_report(fran().report(), width=80) == lines(
        """
        Fran (for time): 4:13.
        The time went to Pull-ups 42 %, Thrusters 42 % and rest 16 %. The pace fell:
        Round 3 was 69 % slower than Round 1. 20 % faster on “21 Pull-ups” would make it
        about 4:04.
        total 4:13 · work 3:33 (84 %) · rest 0:40 (16 %)

        Splits
                   time  work  rest  reps
          Round 1  1:44  1:24  0:20    42  ████████████████████████████████░░░░░░░
          Round 2  1:35  1:15  0:20    30  ████████████████████████████░░░░░░░
          Round 3  0:54  0:54          16  ████████████████████

        Movements
                     time  share  sets  reps  each rep  first to last  lost by slowing
          Pull-ups   1:47   42 %     3    43    2.48 s    93 % slower             0:09
          Thrusters  1:46   42 %     3    45    2.37 s    50 % slower             0:04

        Block by block
                              time  self  work  rest  done
          Fran                4:13        3:33  0:40                 ───────────────────
          └ 21-15-9           4:13        3:33  0:40                 ───────────────────
            ├ Round 1         1:44        1:24  0:20                 ────────
            │ ├ 21 Thrusters  0:42  0:42  0:42        21 reps        ████
            │ ├ 21 Pull-ups   0:42  0:42  0:42        21 reps           ████
            │ └ Rest 0:20     0:20  0:20        0:20  1 not counted        ░░
            ├ Round 2         1:35        1:15  0:20                        ────────
            │ ├ 15 Thrusters  0:37  0:37  0:37        15 reps               ████
            │ ├ 15 Pull-ups   0:38  0:38  0:38        15 reps                  ████
            │ └ Rest 0:20     0:20  0:20        0:20  1 not counted               ░░
            └ Round 3         0:54        0:54                                     ─────
              ├ 9 Thrusters   0:27  0:27  0:27        9 reps                       ███
              └ 9 Pull-ups    0:27  0:27  0:27        7 of 9 reps                    ███

        Not counted: 2 values
          1:27  2 reps in “Rest 0:20”: no effort counts during rest
          3:02  2 reps in “Rest 0:20”: no effort counts during rest

        Data: 13 spans, nothing missing.
        """
    )


def test_an_interrupted_session_says_so() -> None:
    built = fran()
    root = built.records[0]
    given = {**root.attributes, c.STATUS: "failed", c.COMPLETION_REASON: "interrupted"}
    built.records[0] = replace(root, attributes=given)
    page = console.render_report(built.report(), width=80)
    assert page.startswith("Fran (for time): interrupted after 4:13.")
    assert "would make it" not in page


@pytest.mark.parametrize("width", [40, 50, 72, 100, 137])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    for report in (pipeline().report(), fran().report(), _wild().report()):
        page = console.render_report(report, width=width)
        assert max(map(cells, page.splitlines())) <= width


def test_a_narrow_page_keeps_what_matters() -> None:
    page = console.render_report(fran().report(), width=44)
    assert "21 Thrusters  0:42" in page
    assert "slower" in page


def _wild() -> Builder:
    built = Builder("\x1b]0;owned\x07", "日本")
    root = built.span("evil\n\x1b[2J\u202egpj.exe", 0, 10)
    built.span("日本語のスパン" * 5, 1, 9, root, status="error", message="line\r\nbreak \x1b[31m")
    built.span("", 9, 10, root)
    return built


def test_hostile_text_cannot_steer_the_terminal() -> None:
    built = _wild()
    workout = fran(name="Fr\x1b[31man\n")
    for report in (built.report(), workout.report()):
        page = console.render_report(report, warnings=["file \x1b[0m\x07"])
        assert all(ch == "\n" or ch.isprintable() for ch in page)
        assert "\\e[" in page
    assert "evil\\n\\e[2J\\u202egpj.exe" in console.render_report(built.report())
    assert "(no name)" in console.render_report(built.report())


def test_a_bar_shows_where_in_time_and_how_long() -> None:
    built = Builder()
    root = built.span("root", 0, 100)
    built.span("late", 75, 100, root)
    page = console.render_report(built.report(), width=100).splitlines()
    whole = next(line for line in page if line.startswith("● root"))
    late = next(line for line in page if line.startswith("● └ late"))
    assert whole.count("█") == 4 * late.count("█") == 60
    assert late.index("█") == whole.index("█") + 45


def test_a_deep_trace_is_bounded() -> None:
    built = Builder()
    parent = None
    for level in range(20_000):
        parent = built.span(f"level {level}", 0, 20_000 - level, parent)
    page = console.render_report(built.report(), rows=30, depth=8)
    assert "level 7 " in page
    assert "… 19,992 more" in page or "beyond the limit" in page
    assert len(page.splitlines()) < 60


def test_a_broad_trace_shows_the_heaviest_and_counts_the_rest() -> None:
    built = Builder()
    root = built.span("root", 0, 1000)
    for at in range(999):
        built.span("slow" if at == 500 else "quick", at, at + (0.9 if at == 500 else 0.1), root)
    page = console.render_report(built.report(), rows=10)
    tree = page.split("Operations")[0]
    assert "slow" in tree
    assert "… 990 more" in tree


def test_a_dozen_lines_are_enough_for_what_cannot_be_seen() -> None:
    built = Builder()
    root = built.span("root", 0, 1000)
    for at in range(900):
        built.span("tick", at, at + 1, root)
    built.span("tail", 900, 1000, root)
    tree = console.render_report(built.report(), rows=40).split("Operations")[0]
    assert tree.count("├ tick") == 10
    assert "tail" in tree
    assert "… 890 more" in tree


def test_an_empty_report_says_so() -> None:
    assert console.render_report(Builder().report()) == (
        "There are no spans to analyse.\n\nData: 0 spans, nothing missing.\n"
    )


def test_a_trace_without_time_has_no_verdict_on_time() -> None:
    built = Builder()
    built.span("now", 1, 1)
    assert console.render_report(built.report()).startswith("1 span, and none of them took any time.")


def test_below_the_threshold_nothing_is_blamed() -> None:
    report = pipeline().report(threshold_ns=60 * SECOND)
    page = console.render_report(report)
    assert page.startswith("No operation holds the critical path for 1:00 or more: no single one explains the 4.1 s.")


def test_several_traces_are_a_run() -> None:
    one, other = pipeline(), pipeline()
    other.trace_id = "other"
    other.span("main", 0, 9)
    report = _together(one, other)
    page = console.render_report(report)
    assert "2 traces · 8 spans" in page
    assert "The longest trace other" in page


def _together(*builders: Builder) -> Report:
    built = Builder()
    built.records = [record for builder in builders for record in builder.records]
    return built.report()


def test_defects_are_told_in_words() -> None:
    quality = Quality(spans=9, orphans=1, overruns=2, cycles=1, dropped_events=3, unreadable=1200, sampled_share=0.1)
    assert list(words.defects(quality)) == [
        "1 span named a parent that is not in the data: shown as extra roots.",
        "1 circle of parents broken at the earliest span.",
        "2 spans ran beyond the parent: cut to it on the critical path.",
        "3 events, attributes or links dropped by the program that recorded the trace.",
        "1,200 records could not be read as spans.",
        "The source kept 10 % of its traces: counts are of those.",
    ]
    page = console.render_report(replace(pipeline().report(), quality=quality), warnings=["x.json: torn"])
    assert "Mind the data\n  ! x.json: torn\n  ! 1 span named" in page


def test_every_count_of_quality_has_words() -> None:
    for name in Quality.__dataclass_fields__:
        if name not in ("spans", "roots", "zero_durations"):
            assert list(words.defects(replace(Quality(), **{name: 0.5 if name == "sampled_share" else 2}))), name


def test_gains_are_intervals() -> None:
    best = pipeline().report().bottlenecks[0]

    def gain(low: float, high: float, total: float) -> str:
        what_if = replace(best.what_if, low_ns=round(low * SECOND), high_ns=round(high * SECOND))
        return words.gain(replace(best, what_if=what_if), round(total * SECOND))

    assert gain(0.4, 0.5, 4.1) == "20 % faster makes 4.1 s into 3.6 to 3.7 s"
    assert gain(10, 20, 130) == "20 % faster makes 2:10 into 1:50 to 2:00"
    assert gain(0.0001, 0.0002, 4.1) == "20 % faster saves 100 to 200 µs of 4.1 s"
    assert gain(0, 0, 4.1) == "20 % faster changes nothing: other work runs beside it"
    assert words.between(900_000_000, 1_200_000_000) == "900 ms to 1.2 s"


def test_stages_that_are_full_limit_the_run() -> None:
    use = StageUse("parse", "", 100, 95, 2, 50, 0.95, 1.9)
    report = replace(pipeline().report(), stages=StageVerdict("parse", "", (use,)))
    assert (
        words.stages(report)
        == "`parse` limits the run: as a repeated stage it takes 95 % of the time of its 2 workers."
    )
    assert words.stages(replace(report, stages=StageVerdict())) is None


def test_rounds_of_several_blocks_say_whose_they_are() -> None:
    built = fran()
    other = built.span("Finisher", 253, 263, built.records[0].span_id, attributes={c.BLOCK_TYPE: "rounds"})
    given = {c.SEGMENT_TYPE: "round", c.SEGMENT_INDEX: 0, c.SEGMENT_LABEL: "Round 1"}
    built.span("Round 1", 253, 263, other, attributes=given)
    page = console.render_workout(built.report())
    assert "Round 1  21-15-9   1:44" in page
    assert "Round 1  Finisher  0:10" in page


def test_a_set_that_was_cut_short_has_no_pace() -> None:
    built = fran(missed=0)
    given = {c.BLOCK_TYPE: "effort", c.PHASE: "work", c.MOVEMENT_NAME: "Thrusters"}
    built.span("21 Thrusters", 253, 255, built.records[1].span_id, attributes=given)
    page = console.render_workout(built.report())
    assert "Thrusters  1:48   42 %     4    45    2.37 s    50 % slower" in page


def test_an_emom_is_not_told_to_be_faster() -> None:
    built = fran()
    given = {**built.records[0].attributes, c.WORKOUT_FORMAT: "emom"}
    built.records[0] = replace(built.records[0], attributes=given)
    page = console.render_workout(built.report())
    assert page.startswith("Fran (EMOM): 4:13.\n")
    assert "would make it" not in page


@pytest.mark.parametrize(
    ("paces", "said"),
    [
        ((2.0, 2.0, 2.01), "An even pace from Round 1 to Round 3."),
        ((3.0, 2.5, 2.0), "A strong finish: Round 3 was 33 % faster than Round 1."),
    ],
)
def test_the_fade_in_words(paces: tuple[float, ...], said: str) -> None:
    assert said in console.render_workout(fran(paces=paces, missed=0).report(), width=200)


def test_rounds_that_do_not_compare_are_not_compared() -> None:
    built = fran()
    given = {c.SEGMENT_TYPE: "round", c.SEGMENT_INDEX: 3, c.SEGMENT_LABEL: "Round 4"}
    cut = built.span("Round 4", 253, 254, built.records[1].span_id, attributes=given)
    built.span("21 Thrusters", 253, 254, cut, attributes={c.BLOCK_TYPE: "effort", c.PHASE: "work"})
    page = console.render_workout(built.report(), width=200)
    assert "Pull-ups slowed down most: the last set was 93 % slower than the first." in page
    assert "Round 4 was" not in page
    steady = fran(paces=(2.0, 2.0, 2.0), missed=0)
    steady.records[-1] = replace(steady.records[-1], attributes={c.PHASE: "work"})
    assert "An even pace from Round 1 to Round 2." in console.render_workout(steady.report(), width=200)


def test_what_was_recorded_stands_beside_its_block() -> None:
    built = Builder()
    session = built.span("Session", 0, 60, attributes={c.BLOCK_TYPE: "session", c.WORKOUT_FORMAT: "custom"})
    built.span(
        "Row",
        0,
        60,
        session,
        attributes={
            c.BLOCK_TYPE: "effort",
            c.PHASE: "work",
            c.DISTANCE_DONE: 250.0,
            c.DISTANCE_TARGET: 400.0,
            c.LOAD_DISPLAY: "20 kg",
            c.HEART_RATE_MEAN: 141.6,
        },
        events=(metric("rpe", 50, 8, unit="1"), metric("note", 55, 1.5, unit="{x}")),
    )
    built.span("Walk", 60, 60, session, attributes={c.BLOCK_TYPE: "effort", c.PHASE: "work"})
    page = console.render_workout(built.report(), width=140)
    assert "250 of 400 m · 20 kg · 14" in page
    assert page.startswith("Session: 1:00.")


def test_many_workouts_are_bounded() -> None:
    builders = []
    for number in range(7):
        one = fran(name=f"Day {number}")
        one.records = [replace(record, trace_id=f"t{number}") for record in one.records]
        builders.append(one)
    page = console.render_report(_together(*builders))
    assert page.count("Splits") == 5
    assert "… 2 more workouts" in page


def test_nothing_to_render_for_a_trace_that_is_no_workout() -> None:
    assert console.render_workout(pipeline().report()) == ""


def test_many_rejected_values_are_counted() -> None:
    built = fran()
    rest = built.records[5]
    assert rest.name == "Rest 0:20"
    events = tuple(metric("reps", 85, 1, rejected="paused" if n % 2 else "?") for n in range(25))
    built.records[5] = replace(rest, events=events)
    page = console.render_workout(built.report())
    assert "Not counted: 26 values" in page
    assert "… 16 more" in page
    assert "the clock was paused" in page


def test_colour_changes_nothing_but_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    from rich.text import Text

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for report in (pipeline().report(), fran().report(), _wild().report()):
        colored = console.render_report(report, width=90, color=True)
        assert "\x1b[" in colored
        assert Text.from_ansi(colored).plain.rstrip("\n") == console.render_report(report, width=90).rstrip("\n")


def test_ascii_keeps_the_layout() -> None:
    page = console.render_report(pipeline().report())
    plain = console.render_report(pipeline().report(), ascii_only=True)
    assert plain.isascii()
    assert [cells(line) for line in plain.splitlines()] == [cells(line) for line in page.splitlines()]
    assert console.needs_ascii("ascii")
    assert console.needs_ascii("latin-1")
    assert console.needs_ascii(None)
    assert console.needs_ascii("no such encoding")
    assert not console.needs_ascii("utf-8")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "terminal", "environ", "colored"),
    [
        ("auto", True, {"TERM": "xterm"}, True),
        ("auto", True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        ("auto", True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", False, {"TERM": "xterm"}, False),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_chosen(choice: console.ColorChoice, terminal: bool, environ: dict[str, str], colored: bool) -> None:
    pytest.importorskip("rich")
    stream = Terminal() if terminal else io.StringIO()
    assert console.choose_color(choice, stream, environ) is colored


def test_without_rich_a_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    assert console.choose_color("auto", Terminal(), {"TERM": "xterm"}) is False
    assert console.choose_color("always", Terminal(), {}) is False


def test_width_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    assert console.choose_width(None, Terminal()) == 77
    assert console.choose_width(None, io.StringIO()) == 100
    assert console.choose_width(10, Terminal()) == 40
    assert console.choose_width(120, io.StringIO()) == 120


def _compared(before: Builder, after: Builder) -> Report:
    return with_comparison(after.report(), before.report())


def test_a_comparison() -> None:
    before, after = pipeline(), pipeline()
    after.records = [record for record in after.records if record.name != "save"]
    after.records[0] = replace(after.records[0], end_ns=after.records[0].end_ns - 600_000_000)  # type: ignore[operator]
    after.span("check", 3.42, 3.45, after.records[0].span_id, span_id="ff")
    page = console.render_report(_compared(before, after), width=80)
    assert "Compared with before" + page.split("Compared with before")[1].split("\n\nData")[0] == lines(
        """
        Compared with before
          4.1 s before, 3.5 s now: 600 ms (15 %) shorter. `save` explains 600 ms of it.
          path of operations  before     now   change  calls
          main › save         600 ms     0 s  -600 ms  1 → 0
          main                250 ms  220 ms   -30 ms      1
          main › check           0 s   30 ms   +30 ms  0 → 1
        """
    ).rstrip("\n")


def test_a_comparison_of_the_same() -> None:
    page = console.render_report(_compared(pipeline(), pipeline()))
    assert "As long as before: 4.1 s.\n" in page
    assert "path of operations" not in page
    empty = console.render_report(_compared(Builder(), pipeline()))
    assert "0 s before, 4.1 s now per trace: 4.1 s longer." in empty


def test_a_comparison_of_many_paths_is_bounded() -> None:
    built = Builder()
    root = built.span("root", 0, 100)
    for number in range(30):
        built.span(f"op {number}", number, number + 1, root)
    page = console.render_report(_compared(fran(), built), width=80)
    assert "more paths changed" in page


def beside(child_from: float) -> Builder:
    """`late` holds the end of the path; the parent holds [child_from, 10) although `early` runs there until 5."""
    made = Builder()
    root = made.span("root", 0, 10)
    made.span("early", child_from, 5, root)
    made.span("late", 4, 10, root)
    return made


@pytest.mark.parametrize(("child_from", "said"), [(3.6, False), (3.4, True)])
def test_a_path_that_is_ambiguous_for_more_than_a_twentieth_is_said(child_from: float, said: bool) -> None:
    made = beside(child_from)
    report = made.report()
    assert (report.traces[0].overlap_ns * 20 > report.traces[0].duration_ns) is said
    assert ("of the critical path is ambiguous" in console.render_report(report, width=160)) is said


def test_the_worst_of_several_ambiguous_traces_is_named() -> None:
    records = []
    for number, begin in enumerate((3.4, 2.0, 3.9)):
        made = beside(begin)
        records += [replace(record, trace_id=f"{number}") for record in made.records]
    text = words.ambiguity(analyze_traces(Trace.from_records(records)))
    assert text is not None
    assert text.startswith("In 2 traces up to 20 % of the critical path is ambiguous")


def test_waiting_spans_are_not_said_to_work() -> None:
    built = Builder()
    root = built.span("etl", 0, 10)
    for number in range(4):
        built.span("queue", 0, 5, root, attributes={c.PHASE: "rest"})
        built.span("verify", number, number + 5, root, attributes={c.PHASE: "work"})
    report = built.report()
    assert report.concurrency.mean == 4.2
    said = words.concurrency(report)
    assert said is not None
    assert said.startswith("On average 4.2 spans were open at once, 2.2 working and 2.0 waiting, 8 at most; ")
    bare = replace(report, traces=tuple(replace(trace, trace=None) for trace in report.traces))
    assert "4.2 spans were open at once, those that wait included, 8 at most" in str(words.concurrency(bare))


def test_an_operation_of_two_services_is_named_with_its_service() -> None:
    front, back = Builder(service="front"), Builder(service="back")
    front.span("GET /", 0, 10)
    front.span("load", 0, 4, front.records[0].span_id, status="error", message="no")
    back.span("load", 4, 10, front.records[0].span_id, span_id="ba" * 8)
    report = analyze_traces(Trace.from_records([*front.records, *back.records]))
    page = console.render_report(report, width=160)
    assert "`load` of back holds 60 % of the critical time; " in page
    assert [line.split(":")[0] for line in page.splitlines() if line.startswith("  · `load`")] == [
        "  · `load` of back",
        "  · `load` of front",
    ]
    assert "✗ `load` of front absorbed by its parent" in page
    assert "`GET /` of" not in page
