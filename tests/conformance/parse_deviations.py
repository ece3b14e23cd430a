"""Where our reading of a recorded parse case is meant to differ: the reason once, and our own answer for each case.

``reason: {case: {line: facts}}``; facts that are empty and column 1 are left out. A case that agrees needs no entry.
`QUIRKS` are the cases of which the recording itself says, in ``upstream_quirks``, that its answer is not to be taken:
each is decided here or by `parse_adapter` (its README names the quirks). `DEFECTS` are cases without such a mark in
which to agree would lose or falsify what is written, or contradict WORKOUTS.md; all others of their kind agree.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Deviations: TypeAlias = dict[str, dict[str, dict[int, dict[str, Any]]]]

QUIRKS: Final[Deviations] = {
    "WORKOUTS.md: 20 min is a time (W-whiteboard)": {
        "P015": {1: {"times": [60000], "words": ["timer"]}},
        "P016": {1: {"times": [120000], "words": ["timer"]}},
        "P017": {1: {"times": [180000], "words": ["timer"]}},
        "P018": {1: {"times": [240000], "words": ["timer"]}},
        "P019": {1: {"times": [300000], "words": ["timer"]}},
        "P020": {1: {"times": [300000], "words": ["timer"]}, 2: {"times": [600000], "words": ["timer"]}},
        "X063": {1: {"times": [600000], "words": ["run"]}},
        "X064": {1: {"times": [600000], "words": ["run"]}},
        "X065": {1: {"times": [30000], "words": ["plank"]}},
    },
    "WORKOUTS.md: 5x5, 5 x 5 and 3x10 are sets (W-whiteboard)": {
        "P050": {
            1: {"words": ["strength"]},
            2: {
                "column": 3,
                "parent": 1,
                "reps": [5],
                "rounds": [5],
                "loads": [(225.0, "lb")],
                "words": ["back", "squat"],
            },
        },
        "P056": {1: {"reps": [5], "rounds": [5], "loads": [(225.0, "lb")], "words": ["back", "squat"]}},
        "P138": {1: {"reps": [5], "rounds": [5], "loads": [(225.0, "lb")], "words": ["back", "squat"]}},
        "P141": {1: {"reps": [5], "rounds": [5], "words": ["squat"]}},
        "X086": {1: {"reps": [5], "rounds": [5], "words": ["squat"]}},
        "X087": {1: {"reps": [10], "rounds": [3], "words": ["squat"]}},
    },
    "WORKOUTS.md: AMRAP 20, EMOM 10 and 1:00 EMOM 10 have their length behind them (W-whiteboard)": {
        "P051": {
            1: {"times": [1200000]},
            2: {"column": 3, "parent": 1, "distances": [(400.0, "m")], "words": ["run"]},
            3: {"column": 3, "parent": 1, "reps": [10], "words": ["pullups"]},
        },
        "P055": {1: {"times": [1200000]}},
        "P068": {1: {"times": [1200000]}},
        "P069": {1: {"rounds": [10], "times": [60000]}},
        "P175": {1: {"rounds": [10], "times": [60000]}},
        "X136": {1: {"times": [1200000]}},
        "X138": {1: {"rounds": [10], "times": [60000]}},
    },
    "signs alone mean nothing: a warning or a ruled line, never a statement": {
        "P108": {},
    },
    "WORKOUTS.md: 21-15-9 is a rep scheme (W-whiteboard)": {
        "P140": {1: {"reps": [15, 21, 9], "rounds": [3]}},
        "P147": {
            1: {"reps": [15, 21, 9], "rounds": [3]},
            2: {"column": 3, "parent": 1, "words": ["thrusters"]},
            3: {"column": 3, "parent": 1, "words": ["pull-ups"]},
        },
        "X081": {1: {"reps": [15, 21, 9], "rounds": [3], "words": ["thrusters"]}},
        "X082": {1: {"reps": [15, 21, 9], "rounds": [3], "loads": [(95.0, "lb")], "words": ["thrusters"]}},
    },
    "10:00 (EMOM) is ten one-minute intervals; the recording makes ten of 10:00 (U5)": {
        "P154": {
            1: {"rounds": [10], "times": [60000]},
            2: {"column": 3, "parent": 1, "reps": [3], "loads": [(135.0, "lb")], "words": ["clean", "jerk"]},
        },
    },
    "a load without a unit takes that of the text, said as an info": {
        "X031": {1: {"loads": [(95.0, "lb")], "words": ["thruster"]}},
    },
    "the pood is a unit of load (16.38 kg)": {
        "X044": {1: {"loads": [(0.5, "pood")], "words": ["swings"]}},
    },
    "WORKOUTS.md: 225/155 lb are the loads of two profiles (U3)": {
        "X047": {1: {"loads": [(125.0, "lb"), (185.0, "lb")], "words": ["thruster"]}},
        "X049": {1: {"reps": [10], "loads": [(65.0, "lb"), (95.0, "lb")], "words": ["thruster"]}},
    },
    "climbing is outside the language (W-climbing): what stands in brackets is a note, 7s is a time": {
        "X091": {1: {"reps": [20], "times": [7000], "loads": [(30.0, "lb")], "words": ["hand", "mm", "open"]}},
        "X177": {1: {"loads": [(2.0, "lb")], "words": ["flash", "slab", "v4"]}},
        "X178": {1: {"reps": [5.11], "loads": [(3.0, "lb")], "words": ["a", "redpoint"]}},
    },
    "the value of a key is the whole rest of the line (U1)": {
        "X108": {1: {"values": {"location": "Garage Gym"}}},
        "X113": {1: {"values": {"date": "2024-05-26"}}},
    },
    "WORKOUTS.md: 80% is a load (W-whiteboard)": {
        "X130": {1: {"loads": [(80.0, "%")], "words": ["squat"]}},
        "X131": {1: {"reps": [5], "loads": [(80.0, "%")], "words": ["back", "squat"]}},
        "X132": {1: {"reps": [5], "loads": [(80.0, "%")], "words": ["back", "squat"]}},
    },
    "one bad timer is an error at its place; all else still counts (U4)": {
        "X174": {1: {"rounds": [5]}, 2: {"column": 3, "parent": 1, "reps": [5], "words": ["squats"]}},
    },
}
"""Quirks that the recording names."""

DEFECTS: Final[Deviations] = {
    "it takes the 10 for rounds and loses the push-ups; ours keeps the line and reports the bracket": {
        "P082": {1: {"reps": [10], "words": ["pushups"]}},
    },
    "it keeps half of the words in brackets, as a number of rounds": {
        "P097": {2: {"column": 3, "reps": [10], "words": ["pushups"]}},
        "X083": {},
    },
    "a ruled line is no effort to be done, and @ without a number is no load": {
        "P109": {},
        "P110": {},
    },
    "it loses the word": {
        "P122": {1: {"words": ["null"]}},
        "X145": {1: {"words": ["true"]}},
        "X146": {1: {"words": ["null", "row"]}},
    },
    "it loses the letter: half a word is another word": {
        "P137": {1: {"reps": [10], "words": ["övning"]}},
        "X121": {1: {"words": ["övning"]}},
    },
    "it makes of `5 Rounds` five repetitions; WORKOUTS.md: rounds, here with a cap, said as an info": {
        "P173": {1: {"rounds": [5], "times": [600000]}},
    },
    "it makes of `5 : 00` five and no repetitions; CONVENTIONS.md: a bad timer is an error": {
        "X017": {1: {"reps": [5]}},
    },
    "it makes of half a mile five miles, and of a mile and a half a repetition and half a mile": {
        "X020": {1: {"distances": [(0.5, "mi")], "words": ["run"]}},
        "X045": {1: {"distances": [(1.5, "mi")], "words": ["run"]}},
    },
    "it takes the unit of `? lb` for a word of the movement": {
        "X032": {1: {"loads": [(None, "lb")], "words": ["squat"]}},
    },
    "it makes of `1 pood`, a load of 16.38 kg, one repetition of a movement `pood`": {
        "X039": {1: {"loads": [(1.0, "pood")], "words": ["kb", "swing"]}},
    },
    "it makes of `1/0 mile` a repetition and a distance of 0; ours is an error": {
        "X046": {1: {"words": ["run"]}},
    },
    "it makes of the height of a box 24 repetitions; WORKOUTS.md: the size of the equipment": {
        "X068": {1: {"distances": [(24.0, "in")], "words": ["box", "jumps"]}},
        "X069": {1: {"distances": [(6.0, "ft")], "words": ["jump"]}},
    },
    "it makes of `(21,15,9)` 21 rounds of 15 and of 9 repetitions": {
        "X078": {1: {"reps": [15, 21, 9], "rounds": [3]}},
    },
    "it makes of the value -5 five repetitions, and loses its key": {
        "X109": {1: {"values": {"score": -5}}},
    },
    "WORKOUTS.md: Tabata is 8 x 20 s / 10 s unless said otherwise": {
        "X139": {1: {"rounds": [8], "times": [20000], "words": ["squats"]}},
    },
    "it loses the movement in quotes": {
        "X147": {1: {"words": ["effort", "quoted"]}},
        "X148": {1: {"reps": [10], "words": ["at", "i", "suck", "this"]}},
    },
    "it makes of `2*5` two counts of repetitions, of which only one can be done; ours are sets, as in 2x5": {
        "X154": {1: {"reps": [5], "rounds": [2], "words": ["squat"]}},
    },
    "it makes of 1,000 one and no repetitions": {
        "X156": {1: {"reps": [1000], "words": ["singles"]}},
    },
}
"""Defects of the recording that it does not name."""
