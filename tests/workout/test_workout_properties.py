"""What holds for any workout and for any text."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from workout_strategies import all_facts, facts_by_line, workout_lines

from otelwod.workout import canonical, effort_label, parse, totals

few = settings(max_examples=150, deadline=None)


@few
@given(workout_lines())
@example(["(1)", "  (1)", "    (1)", "(1)", "(1)", "  cap 12:00", "(1)"])
@example(["cap 12:00", "  cap 12:00"])
@example(["cap 12:00", "  cap 12:00", "    cap 12:00", "  10 Burpees"])
def test_canonical_text_is_the_same_program(lines: list[str]) -> None:
    workout = parse("\n".join(lines))
    text = canonical(workout)
    again = parse(text)
    assert all_facts(again) == all_facts(workout)
    assert (again.format, again.name, again.values) == (workout.format, workout.name, workout.values)
    assert canonical(again) == text
    assert totals(again) == totals(workout)


def _louder(line: str) -> str:
    """Upper case and wider spaces, the indentation as it was; JSON is left alone."""
    if "{" in line:
        return line
    content = line.lstrip()
    return line[: len(line) - len(content)] + content.upper().replace(" ", "  ")


@few
@given(workout_lines())
def test_space_line_ends_case_and_comments_change_nothing(lines: list[str]) -> None:
    plain = parse("\n".join(lines))
    changed = [f"{_louder(line)} \t // a note" for line in lines]
    changed = [part for line in changed for part in ("   // before", line, "# between")]
    other = parse("\ufeff" + "\r\n".join(changed) + "\r\n\r\n", name=plain.name)
    found, wanted = all_facts(other), all_facts(plain)
    assert [f["parent"] for f in found] == [f["parent"] for f in wanted]
    assert found == wanted
    assert other.format == plain.format
    assert parse("\r".join(line + "  // note" for line in lines)).id == plain.id
    assert parse("\n".join(line.swapcase() for line in lines)).id == plain.id


@few
@given(workout_lines(), st.data())
def test_one_bad_line_is_reported_and_harms_no_other(lines: list[str], data: st.DataObject) -> None:
    good = parse("\n".join(lines))
    at = data.draw(st.integers(0, len(lines) - 1))
    line = lines[at]
    fault = data.draw(
        st.sampled_from((" 1:90", " (", " [x", " \x1b[31m", " \u202e", " 99999999999999 lb", " }", " 5:3x"))
    )
    bad = parse("\n".join([*lines[:at], line + fault, *lines[at + 1 :]]))
    assert at + 1 in {d.line for d in bad.errors}
    assert all(d.hint and d.column >= 1 for d in bad.errors)
    before, after = facts_by_line(good), facts_by_line(bad)
    before.pop(at + 1, None)
    after.pop(at + 1, None)
    assert after == before


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.binary(),
        st.text(alphabet="0123456789:.-x/()[]{}@%^*?+|,;#\"' \n\tmlbkcaAMREOTfr\x00\u202e\ud800"),
    )
)
@example("10-9-…-1")
@example("(" * 50)
@example("1:2:3:4:5:6")
@example('{"a": [[[')
@example("½½½")
@example("AMRAP AMRAP 5 EMOM 10 Tabata for time cap")
@example("- + - |")
@example("0x0 0/0 0 cal")
def test_any_text_ends_in_a_program_or_diagnostics(source: str | bytes) -> None:
    workout = parse(source)
    assert workout.statements or workout.diagnostics
    for found in workout.diagnostics:
        assert found.line >= 1
        assert found.column >= 1
        assert found.message
    for statement in workout.statements:
        assert statement.parent is None or statement.parent < statement.index
        assert statement.label
        for profile in ("men", "women"):
            assert isinstance(effort_label(statement, reps=3, profile=profile), str)
    total = totals(workout, "women")
    assert total.reps >= 0
    assert total.planned_ns >= 0
    parse(canonical(workout))
