"""Where our reading of a recorded parse case is meant to differ: the reason once, and our own answer for each case.

``reason: {case: {line: facts}}``; facts that are empty and column 1 are left out. Every quirk of the recordings
(see its README) is decided here or by `parse_adapter`; a case that agrees needs no entry. Cases without a quirk in the
recording stand here too where it loses, or takes for something else, what is written: half a word (``Övning``), a
number (``.5 mile`` as 5 miles), a unit (``pood``, ``24"``), a whole line (``"quoted effort"``), or where we report an
error.
"""

from __future__ import annotations

from typing import Any, Final

DEVIATIONS: Final[dict[str, dict[str, dict[int, dict[str, Any]]]]] = {
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
    "square brackets are actions of another notation (W-climbing): kept as a note, said as a warning": {
        "P026": {},
        "P027": {},
        "P028": {},
        "P119": {},
        "X088": {},
        "X089": {},
        "X090": {},
        "X092": {},
    },
    "an EMOM without a count is ten intervals, said as an info; the recording leaves it open": {
        "P033": {1: {"rounds": [10], "times": [60000]}},
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
    "bw alone is one body weight, a load": {
        "P074": {1: {"reps": [20], "loads": [(1.0, "bw")], "words": ["pushups"]}},
        "P135": {1: {"reps": [20], "loads": [(1.0, "bw")], "words": ["pullups"]}},
    },
    "an unclosed bracket is an error; it encloses no rounds, so the line keeps its plain meaning": {
        "P082": {1: {"reps": [10], "words": ["pushups"]}},
    },
    "brackets without a movement are no rounds: a warning": {
        "P097": {2: {"column": 3, "reps": [10], "words": ["pushups"]}},
        "X083": {},
    },
    "signs alone mean nothing: a warning or a ruled line, never a statement": {
        "P108": {},
        "P109": {},
        "P110": {},
        "P111": {},
    },
    "words are words: no JSON scalar ends a movement": {
        "P122": {1: {"words": ["null"]}},
        "X145": {1: {"words": ["true"]}},
        "X146": {1: {"words": ["null", "row"]}},
    },
    "letters beyond ASCII are letters": {
        "P137": {1: {"reps": [10], "words": ["övning"]}},
        "X121": {1: {"words": ["övning"]}},
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
    "WORKOUTS.md: 5 rounds are rounds; the time is their cap, said as an info": {
        "P173": {1: {"rounds": [5], "times": [600000]}},
    },
    "a line has one time: the second is a warning": {
        "X015": {1: {"times": [300000], "words": ["run"]}},
    },
    "5 : 00 is an error, not two counts": {
        "X017": {1: {"reps": [5]}},
    },
    "repetitions are whole numbers: an error": {
        "X019": {1: {"words": ["pushups"]}},
    },
    "fractions count: .5 is a half, 1 1/2 is one and a half": {
        "X020": {1: {"distances": [(0.5, "mi")], "words": ["run"]}},
        "X045": {1: {"distances": [(1.5, "mi")], "words": ["run"]}},
    },
    "a load without a unit takes that of the text, said as an info": {
        "X031": {1: {"loads": [(95.0, "lb")], "words": ["thruster"]}},
        "X032": {1: {"loads": [(None, "lb")], "words": ["squat"]}},
    },
    "the pood is a unit of load (16.38 kg)": {
        "X039": {1: {"loads": [(1.0, "pood")], "words": ["kb", "swing"]}},
        "X044": {1: {"loads": [(0.5, "pood")], "words": ["swings"]}},
    },
    "a division by zero is an error, not a distance of 0": {
        "X046": {1: {"words": ["run"]}},
    },
    "WORKOUTS.md: 225/155 lb are the loads of two profiles (U3)": {
        "X047": {1: {"loads": [(125.0, "lb"), (185.0, "lb")], "words": ["thruster"]}},
        "X049": {1: {"reps": [10], "loads": [(65.0, "lb"), (95.0, "lb")], "words": ["thruster"]}},
    },
    "WORKOUTS.md: a box has a height, also as 24\" and 6'": {
        "X068": {1: {"distances": [(24.0, "in")], "words": ["box", "jumps"]}},
        "X069": {1: {"distances": [(6.0, "ft")], "words": ["jump"]}},
    },
    "a comma separates a rep scheme as a hyphen does": {
        "X078": {1: {"reps": [15, 21, 9], "rounds": [3]}},
    },
    "a line has rounds once: the second is a warning": {
        "X085": {1: {"rounds": [3]}},
    },
    "climbing is outside the language (W-climbing); 7s is a time": {
        "X091": {1: {"reps": [20], "times": [7000], "loads": [(30.0, "lb")], "words": ["mm"]}},
        "X177": {1: {"loads": [(2.0, "lb")], "words": ["flash", "v4"]}},
        "X178": {1: {"loads": [(3.0, "lb")], "words": ["a", "redpoint"]}},
    },
    "the value of a key is the whole rest of the line (U1)": {
        "X108": {1: {"values": {"location": "Garage Gym"}}},
        "X113": {1: {"values": {"date": "2024-05-26"}}},
    },
    "a number may be negative as a value": {
        "X109": {1: {"values": {"score": -5}}},
    },
    "WORKOUTS.md: 80% is a load (W-whiteboard)": {
        "X130": {1: {"loads": [(80.0, "%")], "words": ["squat"]}},
        "X131": {1: {"reps": [5], "loads": [(80.0, "%")], "words": ["back", "squat"]}},
        "X132": {1: {"reps": [5], "loads": [(80.0, "%")], "words": ["back", "squat"]}},
    },
    "WORKOUTS.md: Tabata is 8 x 20 s / 10 s unless said otherwise": {
        "X139": {1: {"rounds": [8], "times": [20000], "words": ["squats"]}},
    },
    "a quoted text is a movement, taken literally": {
        "X147": {1: {"words": ["effort", "quoted"]}},
        "X148": {1: {"reps": [10], "words": ["at", "i", "suck", "this"]}},
    },
    "the sign between two numbers multiplies: sets, as in 2x5": {
        "X154": {1: {"reps": [5], "rounds": [2], "words": ["squat"]}},
    },
    "a thousands separator belongs to its number": {
        "X156": {1: {"reps": [1000], "words": ["singles"]}},
    },
    "one bad timer is an error at its place; all else still counts (U4)": {
        "X174": {1: {"rounds": [5]}, 2: {"column": 3, "parent": 1, "reps": [5], "words": ["squats"]}},
    },
}
