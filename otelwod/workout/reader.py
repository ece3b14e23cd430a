"""One step of a line → its facts: what every word, number and sign of it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.facts import Facts, Remark
from otelwod.workout.model import Duration, Movement, Reps
from otelwod.workout.movements import lookup
from otelwod.workout.numbers import MAX_SECONDS, clock, number, timer
from otelwod.workout.tokens import Token
from otelwod.workout.units import SIZES, SIZES_BY_MOVEMENT, SPELLINGS, dimension, quantity, to_si

_END: Final = Token("end", "", 0, 0, False)
_ROUND_WORDS: Final = frozenset({"rounds", "round", "rds", "rd", "sets", "set", "rft", "intervals", "interval"})
_SILENT: Final = frozenset({".", "!", "ellipsis", "-", ",", ";", "close"})
_EQUIPMENT: Final = ("box", "target", "rope", "step", "hurdle", "deficit", "wall ball", "wallball", "wall-ball")
_TRAILING: Final = frozenset({"to", "at", "with", "of", "and", "in", "the", "a"})
_NUMBERED: Final = re.compile(r"(e|amrap|emomx?|tabatax?)([0-9]{1,4})(mom|)$")
_PER_SIDE: Final = frozenset({"each", "ea", "per", "side", "arm", "leg", "hand", "way"})


class _Bare(NamedTuple):
    """A number without a unit: where it stands decides what it is."""

    value: float
    women: float | None
    offset: int
    end: int
    behind_words: bool


class StepReader:
    """Reads the tokens of one step once, from left to right; `read` gives its facts."""

    def __init__(self, content: str, line: list[Token], remarks: list[Remark], default_unit: str) -> None:
        self.content = content
        self.line = line
        self.remarks = remarks
        self.default_unit = default_unit
        self.i = 0
        self.facts = Facts(offset=line[0].start if line else 0)
        self.words: list[str] = []
        self.qualifiers: list[str] = []
        self.literal = False
        self.durations: list[Duration] = []
        self.bare: list[_Bare] = []
        self.rest_next = False
        self.interval_next = False
        self.length_end = -1
        self.direction_up = False
        self.required = False

    # ------------------------------------------------------------------------------------------------ small helpers

    def at(self, i: int) -> Token:
        return self.line[i] if 0 <= i < len(self.line) else _END

    def word_at(self, i: int) -> str:
        token = self.at(i)
        return token.text.lower() if token.kind == "word" else ""

    def warn(self, token: Token, message: str, hint: str = "") -> None:
        self.remarks.append(Remark(token.start, "warning", message, hint))

    def info(self, offset: int, message: str, hint: str = "") -> None:
        self.remarks.append(Remark(offset, "info", message, hint))

    def error(self, token: Token, message: str, hint: str) -> None:
        self.remarks.append(Remark(token.start, "error", message, hint))

    def slice(self, first: Token, last: Token) -> str:
        return self.content[first.start : last.end]

    # --------------------------------------------------------------------------------------------------- the loop

    def read(self) -> Facts:
        """The facts of these tokens."""
        self.scan()
        self.finish()
        return self.facts

    def scan(self) -> None:
        """Every token once, from left to right."""
        while self.i < len(self.line):
            token = self.line[self.i]
            handler = _HANDLERS.get(token.kind)
            if handler is not None:
                handler(self, token)
            else:
                self.stray(token)

    def stray(self, token: Token) -> None:
        """A sign that means nothing here: harmless between words, else said."""
        self.i += 1
        kind = token.kind
        if kind in ("/", "&") and self.words and self.at(self.i).kind == "word":
            self.words.append(kind)
            return
        if kind == "close":
            self.error(token, "a closing bracket without an opening one", "remove ) or write ( before it")
            return
        if kind in _SILENT:
            return
        if kind == "'" and self.words:
            return
        while self.at(self.i).kind == kind and self.at(self.i).glued:
            self.i += 1
        self.warn(token, f"skipped {self.slice(token, self.line[self.i - 1])!r}: it has no meaning here", "remove it")

    def colon(self, token: Token) -> None:
        before, after = self.at(self.i - 1), self.at(self.i + 1)
        numeric = before.kind in ("number", "time")
        spaced = not token.glued and not after.glued and after.kind == "number"
        if numeric and ((token.glued and after.glued) or spaced):
            first = self.i - 1
            self.i += 1
            self.i += 1 if spaced else 0
            while not spaced and self.at(self.i).glued:
                self.i += 1
            self.error(
                self.line[first],
                f"{self.slice(self.line[first], self.line[self.i - 1])!r} is not a time",
                "write minutes:seconds, such as 5:00, or :30 for seconds",
            )
            return
        self.i += 1
        if not (before.kind in ("word", "close", "literal") or numeric) or self.at(self.i).kind == ":":
            while self.at(self.i).kind == ":":
                self.i += 1
            self.warn(
                token,
                f"skipped {self.slice(token, self.line[self.i - 1])!r}: no time stands behind it",
                "write :30 or 1:00, or :? for an open time",
            )

    # ---------------------------------------------------------------------------------------------------- times

    def mark(self, token: Token) -> None:
        """``^`` and ``*`` in front of a time; ``*`` between two numbers multiplies them."""
        j = self.i + 1
        while self.at(j).kind in ("^", "*"):
            j += 1
        if self.at(j).kind == "time" or (self.at(j).kind == "number" and self.time_unit(j + 1)):
            for k in range(self.i, j):
                if self.line[k].kind == "^":
                    self.direction_up = True
                else:
                    self.required = True
            self.i = j
            return
        self.stray(token)

    def time_unit(self, i: int) -> bool:
        unit = SPELLINGS.get(self.word_at(i))
        return unit is not None and dimension(unit) == "time"

    def time(self, token: Token) -> None:
        self.i += 1
        if token.text == ":?":
            self.length(None, token, token)
            return
        after = self.at(self.i)
        if after.glued and after.kind == ":":
            return  # the colon that follows says what is wrong
        if after.glued and after.kind == "word" and SPELLINGS.get(after.text.lower()) is None and after.text != "x":
            self.i += 1
            self.error(
                token,
                f"{self.slice(token, after)!r} is not a time",
                "write digits only, such as 5:00, and a space behind it",
            )
            return
        value = timer(token.text)
        if isinstance(value, str):
            self.error(token, f"{token.text!r} is not a time", value)
            return
        if self.time_unit(self.i):
            self.i += 1  # "1:00 min" says it twice
        self.length(value, token, token)

    def length(self, ns: int | None, first: Token, last: Token) -> None:
        """A time was read: it is work, rest, an interval, or the length of something."""
        up, required = self.direction_up, self.required
        self.direction_up = self.required = False
        facts = self.facts
        follow = self.word_at(self.i)
        if ns is not None and facts.work_ns is None and follow in ("on", "work") and self.rests(self.i + 1):
            facts.work_ns = ns
            self.rest_next = True
            self.i += 1
            return
        if ns is not None and facts.work_ns is None and self.at(self.i).kind == "/" and self.is_time(self.i + 1):
            facts.work_ns = ns
            self.rest_next = True
            self.i += 1
            return
        if self.rest_next and ns is not None:
            self.rest_next = False
            facts.rest_ns = ns
            if follow in ("off", "rest"):
                self.i += 1
            return
        if self.interval_next and ns is not None:
            self.interval_next = False
            facts.interval_ns = ns
            return
        direction = "up" if up or ns is None else "down"
        if self.length_end == first.start and self.durations and ns is not None and self.durations[-1].ns is not None:
            before = self.durations.pop()
            assert before.ns is not None  # noqa: S101 - said in the condition
            ns += before.ns
            text = f"{before.text} {self.slice(first, last)}"
        else:
            text = self.slice(first, last)
        self.durations.append(Duration(ns, text, direction, not required))  # type: ignore[arg-type]
        self.length_end = self.at(self.i).start if first.kind == "number" else -1

    def is_time(self, i: int) -> bool:
        return self.at(i).kind == "time" or (self.at(i).kind == "number" and self.time_unit(i + 1))

    def rests(self, i: int) -> bool:
        """Whether a rest follows the work of an interval (``:40 on / :20 off``)."""
        while self.at(i).kind in ("/", ",", "-", "+", "|") or self.word_at(i) == "and":
            i += 1
        return self.is_time(i)

    # --------------------------------------------------------------------------------------------------- numbers

    def amount(self, i: int) -> tuple[float | None, int]:
        """The value at token ``i`` (``2``, ``1/4``, ``1 1/2``, ``½``) and the index behind it."""
        value = number(self.line[i].text)
        j = i + 1
        if value is None:
            return None, j
        if self.at(j).kind == "/" and self.at(j + 1).kind == "number" and self.at(j + 2).kind != "/":
            below = number(self.line[j + 1].text)
            if below is not None and value < below <= 64 and self.unit(j + 2)[0]:
                return value / below, j + 2
        if self.at(j).kind == "number" and value == int(value):
            part = number(self.line[j].text)
            if part is not None and not self.line[j].text.isascii():
                return value + part, j + 1
            if self.at(j + 1).kind == "/" and self.at(j + 2).kind == "number" and self.unit(j + 3)[0]:
                below = number(self.line[j + 2].text)
                if part is not None and below is not None and part < below <= 64:
                    return value + part / below, j + 3
        return value, j

    def unit(self, i: int) -> tuple[str, int]:
        """The canonical unit at token ``i`` (also behind a hyphen) and the index behind it; ``""`` for none."""
        token = self.at(i)
        if token.kind == "-" and token.glued and self.at(i + 1).kind == "word" and self.at(i + 1).glued:
            i += 1
            token = self.at(i)
        if token.kind == "%" or (token.kind == "#" and token.glued):
            return ("%" if token.kind == "%" else "lb"), i + 1
        if token.kind == "'" and token.glued:
            return (
                "min" if self.facts.kind in ("amrap", "emom", "rest") or self.minutes_follow(i + 1) else "ft"
            ), i + 1
        if token.kind != "word":
            return "", i
        text = token.text.lower()
        unit = SPELLINGS.get(text)
        if unit is None or (text == "k" and not token.glued) or unit == "rpe":
            return "", i
        if text == "in" and not token.glued and self.at(i + 1).kind in ("number", "time"):
            return "", i
        return unit, i + 1

    def minutes_follow(self, i: int) -> bool:
        return self.word_at(i) in ("amrap", "emom", "cap", "tc", "rest", "e2mom", "time", "on", "off")

    def number(self, token: Token) -> None:
        start = self.i
        value, j = self.amount(start)
        if value is None:
            self.i = self.unit(j)[1] if self.unit(j)[0] else j
            shown = token.text if len(token.text) <= 20 else token.text[:17] + "..."
            self.error(token, f"the number {shown} is out of range", "write a number up to 1,000,000,000")
            return
        if self.at(j).kind in ("-", "/") and self.at(j + 1).kind == "number" and self.series(start, value, j):
            return
        women: float | None = None
        if self.at(j).kind == "/" and self.at(j + 1).kind == "number":
            women, behind = self.amount(j + 1)
            if women is None or women == 0:
                self.i = self.unit(behind)[1]
                self.error(token, f"{self.slice(token, self.line[behind - 1])!r} is not a number", "write 1/4 or 95/65")
                return
            j = behind
        elif self.at(j).kind == "/" and self.word_at(j + 1) in _PER_SIDE:
            self.qualifiers.append("per " + self.line[j + 1].text)
            self.put_bare(token, self.line[j - 1], value, None)
            self.i = j + 2
            return
        unit, behind = self.unit(j)
        if unit and women is None and self.at(behind).kind == "/" and self.at(behind + 1).kind == "number":
            second, k = self.amount(behind + 1)
            other, k2 = self.unit(k)
            if second and other == unit and dimension(unit) != "time":  # 95 lb / 65 lb
                women, behind = second, k2
        if unit:
            self.i = behind
            self.measured(token, self.line[behind - 1], value, women, unit)
            return
        self.i = j
        self.counted(token, self.line[j - 1], value, women)

    def series(self, start: int, first: float, j: int) -> bool:
        """``21-15-9``, ``8-12``, ``21/15/9``, ``10-9-...-1``; False where it is no series."""
        values, sign = [first], self.line[j].kind
        expand = False
        k = j
        while self.at(k).kind == sign:
            if sign == "-" and self.at(k + 1).kind == "ellipsis" and self.at(k + 2).kind == sign:
                expand, k = True, k + 2
                continue
            if self.at(k + 1).kind != "number":
                break
            value = number(self.line[k + 1].text)
            if value is None:
                return False
            values.append(value)
            k += 2
        if sign == "/" and len(values) < 3:
            return False
        token, last = self.line[start], self.line[k - 1]
        unit, behind = self.unit(k)
        self.i = k
        if unit:
            self.i = behind
            self.info(token.start, f"of {self.slice(token, last)!r} the first number counts", "write one number")
            self.measured(token, self.line[behind - 1], first, None, unit)
            return True
        if any(v != int(v) or v < 1 for v in values):
            self.error(token, f"{self.slice(token, last)!r} is not a rep scheme", "write whole numbers from 1")
            return True
        whole = tuple(map(int, values))
        if expand:
            whole = self.expanded(token, whole)
        if self.word_at(self.i) in ("reps", "rep"):
            self.i += 1
        if len(whole) == 2 and whole[0] <= whole[1] and self.word_at(self.i) not in _ROUND_WORDS:
            self.facts.reps = Reps("range", whole[0], whole[1])
        elif self.word_at(self.i) in _ROUND_WORDS and len(whole) == 2 and whole[0] < whole[1]:
            self.facts.rounds = whole[0]
            self.info(token.start, f"of {whole[0]}-{whole[1]} rounds the first number counts", "write one number")
            self.i += 1
        else:
            self.facts.scheme = whole
            self.facts.adopts = not self.words
        return True

    def expanded(self, token: Token, values: tuple[int, ...]) -> tuple[int, ...]:
        """``10-9-...-1``: the step between the first two numbers goes on to the last."""
        step = values[1] - values[0] if len(values) > 2 else (1 if values[-1] > values[0] else -1)
        head, last = values[:-1], values[-1]
        if step == 0 or (last - head[-1]) % step or not 0 < (last - head[-1]) // step <= 1000:
            self.error(token, "these numbers have no steps that lead to the last", "write every number of the scheme")
            return values
        return (*head, *range(head[-1] + step, last + (1 if step > 0 else -1), step))

    def measured(self, first: Token, last: Token, value: float | None, women: float | None, unit: str) -> None:
        """A number with a unit."""
        facts, text, what = self.facts, self.slice(first, last), dimension(unit)
        if what == "time":
            if value is None:
                self.length(None, first, last)
                return
            seconds = value * (to_si(1, unit) or 1)
            if women is not None:
                self.info(first.start, f"of {text!r} the first time counts for everyone", "write one time")
            if seconds > MAX_SECONDS:
                self.error(first, f"the time {text!r} is out of range", "a time is at most a year")
                return
            self.length(round(seconds * NANOS_PER_SECOND), first, last)
            return
        if what == "load" and unit == "%" and value is not None and value > 1000:
            self.error(first, f"{text!r} is out of range", "write at most 1000 %")
            return
        other = None if women is None else quantity(women, unit, text)
        found = quantity(value, unit, text, other)
        slot = {"load": "load", "distance": "distance", "energy": "energy"}[what]
        if unit in SIZES or (unit in SIZES_BY_MOVEMENT and facts.distance is not None):
            slot = "size"
        if getattr(facts, slot) is not None:
            self.warn(first, f"skipped {text!r}: the line has a {slot} already", "give it a line of its own")
            return
        setattr(facts, slot, found)

    def counted(self, first: Token, last: Token, value: float, women: float | None) -> None:
        """A number without a unit: rounds, repetitions, or bare."""
        facts, after = self.facts, self.at(self.i)
        word = self.word_at(self.i)
        times = after.kind == "times" or (word == "x" and not self.words) or (after.kind == "*" and after.glued)
        if times and women is None:
            if self.words and value > 20 and after.glued:  # Back Squat 225x5
                self.i += 1
                self.put_load(first, last, value, None)
                return
            self.i += 1
            self.put_rounds(first, value)
            facts.times_word = True
            if self.word_at(self.i) in _ROUND_WORDS:
                self.i += 1
            return
        if word in _ROUND_WORDS and women is None:
            self.i += 1
            facts.adopts = True
            self.put_rounds(first, value)
            if word == "rft":
                facts.kind = "for_time"
            return
        if word in ("reps", "rep") and women is None:
            self.i += 1
            if self.word_at(self.i) == "max":
                self.i += 1
                facts.notes.append(f"{int(value)}RM")
            self.put_reps(first, value, None)
            return
        if word == "rm":
            self.i += 1
            facts.notes.append(f"{int(value)}RM")
            self.put_reps(first, value, None)
            return
        self.put_bare(first, last, value, women)

    def put_bare(self, first: Token, last: Token, value: float, women: float | None) -> None:
        self.bare.append(_Bare(value, women, first.start, last.end, bool(self.words)))

    def put_rounds(self, token: Token, value: float) -> None:
        if self.facts.rounds is not None or self.facts.scheme:
            self.warn(token, f"skipped {token.text!r}: the line has rounds already", "give it a line of its own")
            return
        if value != int(value) or value < 1:
            self.error(token, f"{token.text} rounds cannot be done", "write a whole number from 1")
            self.facts.rounds = int(value)
            return
        self.facts.rounds = int(value)

    def put_reps(self, token: Token, value: float, women: float | None) -> None:
        if self.facts.reps is not None:
            self.warn(token, f"skipped {token.text!r}: the line has repetitions already", "give it a line of its own")
            return
        if value != int(value) or (women is not None and women != int(women)):
            self.error(token, f"{token.text} repetitions cannot be done", "write a whole number")
            return
        other = None if women is None else Reps("exact", int(women), int(women))
        self.facts.reps = Reps("exact", int(value), int(value), other)

    def put_load(self, first: Token, last: Token, value: float, women: float | None) -> None:
        unit, text = self.default_unit, self.slice(first, last)
        self.info(first.start, f"{text!r} is read as {unit}", f"write {text} {unit}")
        self.measured(first, last, value, women, unit)

    def question(self, token: Token) -> None:
        """``?``: to be recorded; ``? kg`` is a load to be recorded."""
        self.i += 1
        unit, behind = self.unit(self.i)
        if unit:
            self.i = behind
            self.measured(token, self.line[behind - 1], None, None, unit)
        elif self.facts.reps is None:
            self.facts.reps = Reps("record")

    def at_sign(self, token: Token) -> None:
        """``@ 95 lb``, ``@ 80%``, ``@RPE 8``, ``@?``; anything else behind ``@`` is a note."""
        self.i += 1
        after = self.at(self.i)
        if after.kind == "number":
            value, j = self.amount(self.i)
            women = None
            if value is not None and self.at(j).kind == "/" and self.at(j + 1).kind == "number":
                women, j = self.amount(j + 1)
            if value is None or self.unit(j)[0]:
                return  # the number says it itself
            first, last = after, self.line[j - 1]
            self.i = j
            if self.word_at(j) == "rpe":
                self.i += 1
                self.measured(first, last, value, None, "rpe")
            elif self.at(j).kind == "word" and after.glued and self.at(j).glued:
                while self.at(self.i).glued:
                    self.i += 1
                self.facts.notes.append(self.slice(token, self.line[self.i - 1]))
                self.info(token.start, "kept as a note: no load stands behind @", "write @ 95 lb, @ 80% or @RPE 8")
            else:
                self.put_load(first, last, value, women)
            return
        if after.kind == "?":
            self.i += 1
            unit, behind = self.unit(self.i)
            self.i = behind if unit else self.i
            unit = unit if unit and dimension(unit) == "load" else self.default_unit
            self.measured(token, self.line[self.i - 1], None, None, unit)
            return
        if self.word_at(self.i) in ("rpe", "bw", "bodyweight") or after.kind == "time":
            return
        if after.kind == "word":
            first = self.i
            while self.i < len(self.line):
                self.i += 1
            self.facts.notes.append(self.slice(token, self.line[-1]))
            self.info(
                self.line[first].start, "kept as a note: no load stands behind @", "write @ 95 lb, @ 80% or @RPE 8"
            )
            return
        self.warn(token, "skipped '@': no load stands behind it", "write @ 95 lb, @ 80% or @RPE 8")

    def multiplied(self, token: Token) -> None:
        """``x 5`` without a number in front: intervals or rounds where something is timed, else repetitions."""
        self.i += 1
        after = self.at(self.i)
        if after.kind != "number":
            return
        value, j = self.amount(self.i)
        timed = (
            self.facts.kind in ("emom", "tabata", "amrap")
            or self.facts.work_ns is not None
            or bool(self.durations)
            or self.facts.distance is not None
            or self.facts.energy is not None
        )
        if value is None or self.unit(j)[0] or self.at(j).kind in ("-", "/"):
            return
        self.i = j
        if self.word_at(j) in _ROUND_WORDS:
            self.i += 1
            timed = True
        if timed:
            self.put_rounds(after, value)
            self.facts.times_word = True
        else:
            self.put_reps(after, value, None)

    # --------------------------------------------------------------------------------------------------- brackets

    def bracket(self, token: Token) -> None:
        """``(3)``, ``(21-15-9)``, ``(AMRAP)``, ``(cap 20:00)``, ``(95/65 lb)``; else it qualifies the movement."""
        depth, j = 0, self.i
        while j < len(self.line):
            kind = self.line[j].kind
            depth += (kind == "open") - (kind == "close")
            if depth == 0:
                break
            j += 1
        inner = self.line[self.i + 1 : j]
        if depth:
            self.error(token, "an opening bracket without a closing one", "write ) behind the text that it encloses")
            while inner and inner[0].kind == "open":
                inner = inner[1:]
            self.i = len(self.line)
            if not self.enclosed_count(token, inner):
                closed = [part for part in inner if part.kind not in ("open", "close")]
                self.line = closed
                self.i = 0
            return
        self.i = j + 1
        if not inner:
            self.warn(token, "skipped '()': it is empty", "write (3) for three rounds, or remove it")
        elif not self.enclosed_count(token, inner):
            self.enclosed(token, inner)

    def enclosed_count(self, token: Token, inner: list[Token]) -> bool:
        """``3``, ``3 rounds of``, ``21-15-9``, ``21,15,9`` in brackets."""
        values: list[float] = []
        kinds: set[str] = set()
        for k, part in enumerate(inner):
            if part.kind == "number":
                value = number(part.text)
                if value is None:
                    self.error(part, "the number is out of range", "write a number up to 1,000,000,000")
                    return True
                if part.text.count(",") and len(part.text) > 4 and len(inner) == 1 and value >= 1000:
                    kinds.add("thousands")
                values.append(value)
            elif part.kind in ("-", ",", "ellipsis") or (part.kind == "/" and inner[k - 1].kind == "number"):
                kinds.add(part.kind)
            elif part.kind != "word" or part.text.lower() not in (*_ROUND_WORDS, "of", "x", "reps"):
                return False
        if not values or "/" in kinds or (len(values) > 1 and not kinds):
            return False
        if len(values) == 1:
            self.put_rounds(inner[next(k for k, part in enumerate(inner) if part.kind == "number")], values[0])
            return True
        if any(v != int(v) or v < 1 for v in values):
            self.error(token, "this is not a rep scheme", "write whole numbers from 1, such as (21-15-9)")
            return True
        whole = tuple(map(int, values))
        if self.facts.rounds is not None or self.facts.scheme:
            self.warn(token, "skipped a rep scheme: the line has rounds already", "give it a line of its own")
            return True
        self.facts.scheme = self.expanded(token, whole) if "ellipsis" in kinds and len(whole) > 1 else whole
        return True

    def enclosed(self, token: Token, inner: list[Token]) -> None:
        """Brackets with words in them: a header, a cap, a load, a time, or a qualifier of the movement."""
        remarks: list[Remark] = []
        sub = StepReader(self.content, [part for part in inner if part.kind != "open"], remarks, self.default_unit)
        sub.scan()
        sub.name()
        found, facts = sub.facts, self.facts
        text = self.slice(inner[0], inner[-1])
        if found.movement is not None or found.reps is not None or found.kind == "rest":
            self.qualifiers.append(text)
            return
        said = (found.load, found.size, found.distance, found.energy, found.cap, found.work_ns, found.kind)
        if not sub.durations and not sub.bare and not found.scheme and all(one is None for one in said):
            self.qualifiers.append(text)
            return
        facts.kind = facts.kind or found.kind
        facts.adopts = facts.adopts or (found.kind is not None and found.kind != "rest")
        facts.tabata_word = facts.tabata_word or found.tabata_word
        facts.cap = facts.cap or found.cap
        facts.load = facts.load or found.load
        facts.size = facts.size or found.size
        facts.distance = facts.distance or found.distance
        facts.energy = facts.energy or found.energy
        facts.interval_ns = facts.interval_ns or found.interval_ns
        if facts.rounds is None and not facts.scheme:
            facts.rounds, facts.scheme = found.rounds, found.scheme
        if facts.work_ns is None:
            facts.work_ns, facts.rest_ns = found.work_ns, found.rest_ns
        self.durations.extend(sub.durations)
        self.bare.extend(one._replace(behind_words=bool(self.words)) for one in sub.bare)
        self.remarks.extend(remarks)

    def square(self, token: Token) -> None:
        """``[…]`` belongs to other notations: kept as a note, and said."""
        j = self.i
        while j < len(self.line) and self.line[j].kind != "]":
            j += 1
        if j == len(self.line):
            self.error(token, "an opening bracket without a closing one", "write ] behind the text, or remove [")
            self.i += 1
            return
        text = self.content[token.end : self.line[j].start].strip()
        self.i = j + 1
        if text:
            self.facts.notes.append(text)
        self.warn(token, f"skipped {self.slice(token, self.line[j])!r}: square brackets mean nothing here", "remove it")

    def literal_name(self, token: Token) -> None:
        self.i += 1
        name = token.text[1:-1].strip()
        if name:
            self.words.append(name)
            self.literal = True

    # ------------------------------------------------------------------------------------------------------ words

    def word(self, token: Token) -> None:
        text = token.text.lower()
        handler = _WORDS.get(text)
        if handler is None and text[-1:].isdigit():
            match = _NUMBERED.match(text)
            if match is not None and match[1] != "e":
                self.numbered(token, match)
                return
        elif handler is None and text[0] == "e" and text.endswith("mom"):
            match = _NUMBERED.match(text)
            if match is not None and match[1] == "e":
                self.numbered(token, match)
                return
        self.i += 1
        if handler is None or not handler(self, token):
            self.words.append(token.text)

    def numbered(self, token: Token, match: re.Match[str]) -> None:
        """``E2MOM``, ``AMRAP20``, ``EMOM10``, ``EMOMx10``."""
        self.i += 1
        count = int(match[2])
        if match[1] == "e":
            self.facts.kind = "emom"
            self.facts.adopts = True
            self.facts.interval_ns = count * 60 * NANOS_PER_SECOND
            if not 0 < count <= 1440:
                self.error(token, f"{token.text} has no interval", "write E2MOM or every 2:00")
                self.facts.interval_ns = None
            return
        self.facts.adopts = True
        if match[1] == "amrap":
            self.facts.kind = "amrap"
            self.durations.append(Duration(count * 60 * NANOS_PER_SECOND, f"{count} min"))
        else:
            self.facts.kind = "tabata" if match[1].startswith("tabata") else "emom"
            self.facts.tabata_word = self.facts.kind == "tabata"
            self.put_rounds(token, count)

    def amrap(self, _token: Token) -> bool:
        self.facts.kind = "amrap"
        self.facts.adopts = True
        self.skip("of", "in")
        self.take_minutes()
        return True

    def skip(self, *words: str) -> None:
        while self.word_at(self.i) in words or (self.at(self.i).kind in ("-", ":") and self.at(self.i + 1) is not _END):
            self.i += 1

    def take_minutes(self) -> None:
        """A bare number directly behind ``AMRAP``, ``cap`` or ``rest`` is minutes, unless it counts a movement."""
        if self.at(self.i).kind != "number":
            return
        value, j = self.amount(self.i)
        after = self.at(j)
        if value is None or self.unit(j)[0] or after.kind in ("times", "/") or self.word_at(j) in _ROUND_WORDS:
            return
        if after.kind in ("end", ":", "open", "-", ",", ";") or self.word_at(j) in ("of", "for"):
            first = self.line[self.i]
            self.i = j
            self.minutes(first, value)

    def minutes(self, token: Token, value: float) -> None:
        seconds = value * 60
        if seconds > MAX_SECONDS:
            self.error(token, f"{token.text} minutes are out of range", "a time is at most a year")
            return
        self.durations.append(Duration(round(seconds * NANOS_PER_SECOND), f"{token.text} min"))

    def as_many(self, _token: Token) -> bool:
        rest = [self.word_at(k) for k in range(self.i, self.i + 6)]
        for phrase in (("many", "rounds", "and", "reps", "as", "possible"), ("many", "rounds", "as", "possible"),
                       ("many", "reps", "as", "possible")):  # fmt: skip
            if tuple(rest[: len(phrase)]) == phrase:
                self.i += len(phrase)
                return self.amrap(_token)
        return False

    def emom(self, _token: Token) -> bool:
        self.facts.kind = "emom"
        self.facts.adopts = True
        self.skip("for", "of")
        return True

    def every(self, token: Token) -> bool:
        word = self.word_at(self.i)
        if word in ("minute", "min"):
            self.i += 1
            for phrase in (("on", "the", "minute"), ("on", "the", "min")):
                if tuple(self.word_at(self.i + k) for k in range(3)) == phrase:
                    self.i += 3
            self.facts.interval_ns = 60 * NANOS_PER_SECOND
        elif self.is_time(self.i):
            self.interval_next = True
        else:
            return False
        return self.emom(token)

    def on(self, token: Token) -> bool:
        if self.word_at(self.i) == "the" and self.word_at(self.i + 1) in ("minute", "min") and not self.words:
            self.i += 2
            return self.emom(token)
        return False

    def alternating(self, _token: Token) -> bool:
        return self.word_at(self.i) in ("emom", "tabata")

    def tabata(self, _token: Token) -> bool:
        self.facts.kind = "tabata"
        self.facts.tabata_word = True
        self.facts.adopts = True
        self.skip("of")
        return True

    def for_(self, _token: Token) -> bool:
        after = self.word_at(self.i)
        if after == "time":
            self.i += 1
            self.facts.kind = "for_time"
            self.facts.adopts = True
            self.skip("of")
            return True
        if after in ("max", "maximum") and self.word_at(self.i + 1) in ("reps", "rep"):
            self.i += 2
            self.facts.reps = self.facts.reps or Reps("max")
            return True
        return self.at(self.i).kind in ("number", "time") and (self.facts.kind is not None or not self.words)

    def in_(self, _token: Token) -> bool:
        return self.facts.kind == "amrap" and self.at(self.i).kind in ("number", "time")

    def of(self, _token: Token) -> bool:
        return not self.words

    def rest(self, token: Token) -> bool:
        if self.words or self.facts.kind is not None:
            return False
        self.facts.kind = "rest"
        self.skip("for")
        if self.at(self.i).kind == "number":
            value, j = self.amount(self.i)
            if value is not None and not self.unit(j)[0] and self.at(j).kind not in ("-", "/", ":"):
                self.info(self.line[self.i].start, "a rest without a unit is read as minutes", "write 1:00 or 90 s")
                first = self.line[self.i]
                self.i = j
                self.minutes(first, value)
        return True

    def cap(self, token: Token) -> bool:
        """``cap 20:00``, ``TC 20``, ``20 min cap``."""
        if token.text.lower() == "time":
            if self.word_at(self.i) not in ("cap", "limit"):
                return self.at(self.i).kind == ":"
            self.i += 1
        elif self.words:
            return False
        self.skip("of", "at", "is")
        before = len(self.durations)
        if self.at(self.i).kind == "time" or (self.at(self.i).kind == "number" and self.time_unit(self.i + 1)):
            handler = _HANDLERS[self.at(self.i).kind]
            handler(self, self.line[self.i])
        else:
            self.take_minutes()
        if len(self.durations) > before or self.durations:
            self.facts.cap = self.durations.pop()
        elif self.bare and not self.bare[-1].behind_words and self.bare[-1].women is None:
            bare = self.bare.pop()
            self.facts.cap = Duration(
                round(bare.value * 60 * NANOS_PER_SECOND), f"{clock(round(bare.value * 60) * NANOS_PER_SECOND)}"
            )
        else:
            self.error(token, "a cap without a time", "write cap 20:00")
        return True

    def max(self, _token: Token) -> bool:
        after = self.word_at(self.i)
        facts = self.facts
        if facts.reps is not None or after == "effort":
            return False
        unit = SPELLINGS.get(after)
        if unit is not None and dimension(unit) in ("energy", "distance") and unit not in SIZES:
            self.i += 1
            self.measured(_token, self.line[self.i - 1], None, None, unit)
            return True
        if after in ("distance", "load", "weight"):
            self.i += 1
            self.measured(_token, self.line[self.i - 1], None, None, "m" if after == "distance" else self.default_unit)
            return True
        if after in ("reps", "rep"):
            self.i += 1
        facts.reps = Reps("max")
        return True

    def rpe(self, token: Token) -> bool:
        if self.at(self.i).kind != "number":
            return False
        value, j = self.amount(self.i)
        if value is None:
            return False
        if value > 10:
            self.error(token, f"RPE {self.line[self.i].text} is out of range", "RPE goes from 1 to 10")
        else:
            self.measured(token, self.line[j - 1], value, None, "rpe")
        self.i = j
        return True

    def bodyweight(self, token: Token) -> bool:
        if self.at(self.i).kind == "word" or self.facts.load is not None:
            return False
        self.measured(token, token, 1.0, None, "bw")
        return True

    def rounds(self, token: Token) -> bool:
        """``Rounds 3``, ``Rounds: 3``; behind a scheme the word says nothing new."""
        if self.facts.scheme or self.facts.rounds is not None or self.facts.kind == "amrap":
            return not self.words
        j = self.i + 1 if self.at(self.i).kind == ":" else self.i
        if self.at(j).kind == "number" and not self.words and self.at(j + 1).kind in ("end", "open", ":"):
            value, behind = self.amount(j)
            self.i = behind
            self.facts.adopts = True
            self.put_rounds(self.line[j], value if value is not None else 0)
            return True
        return False

    def reps(self, _token: Token) -> bool:
        return not self.words and (bool(self.facts.scheme) or self.facts.reps is not None)

    def ignored(self, _token: Token) -> bool:
        return not self.words

    # ----------------------------------------------------------------------------------------------------- the end

    def finish(self) -> None:
        """Decide what the bare numbers, the times and the words are."""
        facts = self.facts
        self.name()
        if facts.kind == "emom":
            self.finish_emom()
        elif facts.kind == "tabata" or facts.work_ns is not None:
            self.finish_tabata()
        elif facts.kind == "amrap" and not self.durations and self.bare and not self.bare[0].behind_words:
            head = self.bare[0]
            if facts.movement is None or len(self.bare) > 1:
                self.bare.pop(0)
                self.durations.append(Duration(round(head.value * 60 * NANOS_PER_SECOND), f"{head.value:g} min"))
        elif facts.kind == "for_time" and self.durations and facts.movement is None:
            length = self.durations.pop(0)
            if length.ns:
                facts.cap = facts.cap or length
        self.place_bare()
        if self.durations:
            facts.duration = self.durations[0]
            for extra in self.durations[1:]:
                self.remarks.append(
                    Remark(
                        facts.offset,
                        "warning",
                        f"skipped {extra.text!r}: the line has a time already",
                        "give it a line of its own",
                    )  # fmt: skip
                )
        if self.direction_up or self.required:
            self.remarks.append(
                Remark(facts.offset, "warning", "skipped a mark without a time", "write ^5:00 or *1:00")
            )

    def name(self) -> None:
        facts, words = self.facts, self.words
        if facts.kind == "rest":
            if words:
                facts.notes.append(" ".join(words))
            facts.notes.extend(self.qualifiers)
            return
        while len(words) > 1 and not self.literal and words[-1].lower() in _TRAILING:
            words.pop()
        side: list[str] = []
        if not self.literal:
            while len(words) > 1 and words[-1].lower() in _PER_SIDE:
                side.insert(0, words.pop())
        if side:
            self.qualifiers.insert(0, " ".join(side))
        if not words:
            if self.qualifiers:
                self.remarks.append(
                    Remark(
                        facts.offset,
                        "warning",
                        f"skipped ({self.qualifiers[0]}): no movement stands with it",
                        "write it behind a movement, or use // for a note",
                    )  # fmt: skip
                )
                facts.notes.extend(self.qualifiers)
            return
        text = " ".join(words)
        known = lookup(text)
        qualifier = ", ".join(self.qualifiers) or None
        if known is None and qualifier is not None:
            known = lookup(f"{qualifier} {text}")
        elif known is not None and qualifier is not None:
            known = lookup(f"{qualifier} {text}") or known
        facts.movement = Movement(text, known[0] if known else None, qualifier)
        if facts.distance is not None and facts.distance.unit in SIZES_BY_MOVEMENT and facts.size is None:
            lowered = text.lower()
            if any(word in lowered for word in _EQUIPMENT):
                facts.size, facts.distance = facts.distance, None

    def finish_emom(self) -> None:
        facts, minute = self.facts, 60 * NANOS_PER_SECOND
        length = self.durations.pop(0) if self.durations else None
        ns = length.ns if length is not None and length.ns else None
        if facts.rounds is None and self.bare and (facts.movement is None or len(self.bare) > 1 or ns is None):
            head = self.bare[0]
            leading = not head.behind_words and (facts.movement is None or len(self.bare) > 1)
            if leading and head.women is None and head.value == int(head.value) and head.value >= 1:
                self.bare.pop(0)
                if facts.interval_ns is not None and facts.interval_ns != minute and not facts.times_word:
                    ns = int(head.value) * minute
                    self.info(
                        head.offset, f"{int(head.value)} is read as minutes", f"write x {int(head.value)} for rounds"
                    )
                else:
                    facts.rounds = int(head.value)
        if facts.interval_ns is None:
            if facts.rounds is not None:
                facts.interval_ns = ns or minute
            elif ns is None:
                facts.rounds, facts.interval_ns = 10, minute
                self.info(facts.offset, "an EMOM without a length is read as 10 minutes", "write EMOM 10")
            elif ns <= minute:
                facts.rounds, facts.interval_ns = 10, ns
                self.info(
                    facts.offset, "an EMOM without a count is read as 10 intervals", f"write (10) {clock(ns)} EMOM"
                )
            else:
                facts.interval_ns = minute
                facts.rounds = self.divided(ns, minute)
        elif facts.rounds is None:
            if ns is None:
                facts.rounds = 10
                self.info(facts.offset, "intervals without a count are read as 10", "write x 10 behind it")
            else:
                facts.rounds = self.divided(ns, facts.interval_ns)

    def divided(self, total: int, interval: int) -> int:
        count = max(1, total // interval)
        if count * interval != total:
            self.info(
                self.facts.offset,
                f"{clock(total)} holds {count} whole intervals of {clock(interval)}",
                f"write x {count} behind the interval",
            )
        return count

    def finish_tabata(self) -> None:
        facts = self.facts
        second = NANOS_PER_SECOND
        if facts.kind is None:
            facts.kind = "tabata"
            facts.adopts = True
        if facts.rounds is None and self.bare and not self.bare[0].behind_words and facts.movement is None:
            head = self.bare.pop(0)
            facts.rounds = int(head.value) if head.value >= 1 else None
        if facts.work_ns is None:
            length = self.durations.pop(0) if self.durations else None
            ns = length.ns if length is not None else None
            if ns is not None and facts.rounds is None and ns >= 60 * second and ns % (30 * second) == 0:
                facts.rounds = ns // (30 * second)
                ns = None
            facts.work_ns = ns or 20 * second
            facts.rest_ns = 10 * second
            if ns is not None and ns != 20 * second:
                self.info(facts.offset, "the rest of each interval is read as :10", f"write {clock(ns)} / :10")
        if facts.rest_ns is None:
            facts.rest_ns = 0
        if facts.rounds is None:
            if facts.tabata_word:
                facts.rounds = 8
            elif self.durations and self.durations[0].ns:
                length_ns = self.durations.pop(0).ns or 0
                facts.rounds = self.divided(length_ns, max(1, facts.work_ns + facts.rest_ns))
            else:
                facts.rounds = 1
                self.info(facts.offset, "work and rest without a count are read as one interval",
                          f"write (8) {clock(facts.work_ns)} / {clock(facts.rest_ns)}")  # fmt: skip
        if facts.work_ns == 0:
            self.remarks.append(Remark(facts.offset, "error", "an interval without work", "write (8) :20 / :10"))

    def place_bare(self) -> None:
        """What is left of the bare numbers: repetitions first, then a load without a unit."""
        facts = self.facts
        for bare in self.bare:
            token = Token("number", self.content[bare.offset : bare.end], bare.offset, bare.end, False)
            if bare.women is not None and bare.behind_words:
                self.put_load(token, token, bare.value, bare.women)
            elif facts.reps is None and facts.kind != "rest":
                self.put_reps(token, bare.value, bare.women)
            elif bare.women is not None and facts.load is None:
                self.put_load(token, token, bare.value, bare.women)
            else:
                self.warn(token, f"skipped {token.text!r}: a number without a unit",
                          f"write {token.text} {self.default_unit} for a load, {token.text} m for a distance")  # fmt: skip


_HANDLERS: Final[dict[str, Callable[[StepReader, Token], None]]] = {
    "word": StepReader.word,
    "number": StepReader.number,
    "time": StepReader.time,
    "times": StepReader.multiplied,
    "literal": StepReader.literal_name,
    "open": StepReader.bracket,
    "[": StepReader.square,
    "?": StepReader.question,
    "@": StepReader.at_sign,
    ":": StepReader.colon,
    "^": StepReader.mark,
    "*": StepReader.mark,
}

_WORDS: Final[dict[str, Callable[[StepReader, Token], bool]]] = {
    "amrap": StepReader.amrap,
    "amraps": StepReader.amrap,
    "as": StepReader.as_many,
    "emom": StepReader.emom,
    "otm": StepReader.emom,
    "every": StepReader.every,
    "on": StepReader.on,
    "alternating": StepReader.alternating,
    "tabata": StepReader.tabata,
    "for": StepReader.for_,
    "in": StepReader.in_,
    "of": StepReader.of,
    "rest": StepReader.rest,
    "cap": StepReader.cap,
    "tc": StepReader.cap,
    "timecap": StepReader.cap,
    "time": StepReader.cap,
    "max": StepReader.max,
    "amap": StepReader.max,
    "rpe": StepReader.rpe,
    "bw": StepReader.bodyweight,
    "rounds": StepReader.rounds,
    "round": StepReader.rounds,
    "sets": StepReader.rounds,
    "reps": StepReader.reps,
    "x": StepReader.ignored,
}
