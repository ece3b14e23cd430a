"""Values attached to a line: ``{"rpe": 8}`` anywhere in it, or ``rpe: 8`` as all of it."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from otelwod.workout.model import Scalar
from otelwod.workout.parts import SECTIONS, is_label
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.tokens import Token
from otelwod.workout.wordlist import words

MAX_VALUE: Final = 1000
"""Characters of one attached value."""
_KEY: Final = re.compile(r"([^\W\d_][\w-]{0,60}):(?=[ \t])")
_RESERVED: Final = (
    words(
        """
    amrap emom tabata rest cap tc timecap time rounds round sets set reps then min minute station odd even every
    for timer tabatas run row bike
    """
    )
    | SECTIONS
)
_NOT_A_SCALAR: Final = object()


def objects(body: str, values: dict[str, Scalar], remarks: Remarks) -> str:
    """Take every ``{…}`` out of the line; what is not a flat JSON object is said and skipped."""
    kept: list[str] = []
    i = comment = 0
    while i < len(body):
        opening = body.find("{", i)
        if 0 <= comment <= i:
            comment = body.find("//", i)
        if opening < 0 or 0 <= comment < opening:
            rest = body[i:]
            stray = rest.find("}")
            if stray >= 0 and (comment < 0 or i + stray < comment):
                remarks.add(
                    Remark(
                        i + stray, "error", "a closing bracket without an opening one", "remove } or write { before it"
                    )
                )
                rest = rest.replace("}", " ")
            kept.append(rest)
            break
        kept.append(body[i:opening])
        closing = _closing(body, opening)
        if closing < 0:
            remarks.add(
                Remark(opening, "error", "an opening bracket without a closing one", 'write } behind it: {"rpe": 8}')
            )
            kept.append(" " * (len(body) - opening))
            break
        text = body[opening : closing + 1]
        _take(text, opening, values, remarks)
        kept.append(" " * len(text))
        i = closing + 1
    return "".join(kept)


def _closing(body: str, opening: int) -> int:
    quoted = False
    i = opening + 1
    while i < len(body):
        char = body[i]
        if quoted:
            if char == "\\":
                i += 1
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char == "}":
            return i
        elif char == "{":
            return -1
        i += 1
    return -1


def _take(text: str, offset: int, values: dict[str, Scalar], remarks: Remarks) -> None:
    hint = 'write {"rpe": 8}: names and texts in double quotes'
    found: object = None
    if len(text) <= 100 * MAX_VALUE and text.count("[") < 100:
        try:
            found = json.loads(text, parse_constant=lambda _: None)
        except ValueError:
            found = None
    if not isinstance(found, dict):
        shown = text if len(text) <= 40 else text[:37] + "..."
        remarks.add(Remark(offset, "warning", f"skipped {shown!r}: it is not a JSON object", hint))
        return
    for key, value in found.items():
        if value is not None and not isinstance(value, str | int | float | bool):
            remarks.add(Remark(offset, "warning", f"skipped the value of {key[:40]!r}: it is not a single value", hint))
        elif isinstance(value, float) and not math.isfinite(value):
            remarks.add(Remark(offset, "error", f"the value of {key[:40]!r} is out of range", "write a smaller number"))
        else:
            values[key[:60]] = value[:MAX_VALUE] if isinstance(value, str) else value


def keyed(body: str, line: list[Token], remarks: Remarks) -> tuple[str, Scalar] | None:
    """``rpe: 8``, ``location: "Garage Gym"``: the whole line is one value."""
    match = _KEY.match(body, line[0].start) if ":" in body else None
    if match is None or match[1].lower() in _RESERVED or is_label(match[1].lower()):
        return None
    if len(line) < 3:
        return None
    raw = body[line[2].start : line[-1].end].strip()
    if len(line) == 3 and line[2].kind == "time":
        return None
    scalar = _scalar(raw)
    if scalar is not _NOT_A_SCALAR:
        return match[1], scalar  # type: ignore[return-value]
    if line[2].kind in ("number", "time") and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,20}", raw):
        return None
    if any(token.kind in ("number", "time", "open", "?", "@") for token in line[2:]) and line[2].kind == "word":
        return None
    if len(raw) > MAX_VALUE:
        remarks.add(Remark(line[2].start, "error", "the value is too long", f"write at most {MAX_VALUE} characters"))
        raw = raw[:MAX_VALUE]
    return match[1], raw


def _scalar(raw: str) -> object:
    if len(raw) > MAX_VALUE + 2:
        return _NOT_A_SCALAR
    if re.fullmatch(r"-?[0-9]{1,15}", raw):
        return int(raw)
    if re.fullmatch(r"-?[0-9]{0,15}\.[0-9]{1,15}", raw):
        return float(raw)
    if raw in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[raw]
    if raw.startswith('"') and raw.endswith('"') and len(raw) > 1:
        try:
            found = json.loads(raw)
        except ValueError:
            return raw[1:-1]
        return found if isinstance(found, str) else raw[1:-1]
    return _NOT_A_SCALAR
