"""Lines that no phrase rule is tried on are lines that no phrase rule would change."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.workout import phrases
from otelwod.workout.remarks import Remarks

PHRASES = (
    "Complete as many rounds", "90% of 1RM", "85% max", "1.5x bw", "2 x bodyweight", "Run, 10 reps", "Thrusters, 95 lb",
    "wall ball shots, 20-lb balls to a target", "box jumps, 24/20 in box", "climb, 15' rope", "20 lb ball to 10 ft",
    "10 ft target", "20-pound ball", "9kg ball to a 10 ft", '24" box', "Rest precisely 2 min", "rest exactly 1:00",
    "not for time", "In teams of 3", "in pairs", "With a partner,", "with an team", ", with a partner",
    "split as needed", "split the work evenly", "@ 2:00/500m", "10 (5/5) lunges", "*do it well*", "rest 1:1 ratio",
    "On a running clock", "IGYG: 5", "partition as needed", "5 rows while partner rests",
    "Complex x5: 1 clean + 2 jerks", "5 x (1 clean + 2 jerks)", "15 min to find a 1RM", "build to a heavy single",
    "5 rows, 1:1 rest", "1:2 work to rest", "EMOM 10 odd: 5 rows even min: 3 rows", "**Bold**",
    "__Under__", "rest two min", "REST three sec", "Cash out", "buy in", "two 50-lb dumbbells", "a pair of 24 kg KBs",
)  # fmt: skip
lines = st.lists(
    st.one_of(
        st.sampled_from(PHRASES),
        st.sampled_from(PHRASES).flatmap(lambda text: st.sampled_from([*re.findall(r"\S+|\s+", text), text.upper()])),
        st.sampled_from(("5 Rows", "10 Pull-ups 95/65 lb", "", " ", ", ", "// ", "db", "\u017f", "\u212a")),
    ),
    max_size=6,
).flatmap(lambda parts: st.sampled_from(("".join(parts), " ".join(parts))))


def everything(body: str) -> tuple[str, list[str], list[str]]:
    remarks, notes = Remarks(), list[str]()
    return phrases.tidy(body, remarks, notes), [remark.message for remark in remarks], notes


@settings(max_examples=500, deadline=None)
@given(lines)
def test_a_line_without_signs_is_as_it_should_be(line: str) -> None:
    found = everything(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrases, "_SIGNS", re.compile(""))
        assert everything(line) == found


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_phrase_has_a_sign(phrase: str) -> None:
    assert phrases._SIGNS.search(phrase.lower()) is not None


@pytest.mark.parametrize("line", ["12 Thrusters 95/65 lb", "AMRAP 20", "400 m Run", "Rest 1:00", "5x5 Squat 225 lb"])
def test_most_lines_have_none(line: str) -> None:
    assert phrases._SIGNS.search(line.lower()) is None
