"""How deeply JSON nests, known before a recursive parser sees it."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from operator import sub
from typing import Final

_DROPPED: Final = bytes(set(range(256)) - set(b'{}[]"'))
_ONE_KIND: Final = bytes.maketrans(b"[]", b"{}")
_STEPS: Final = bytes.maketrans(b"{}", b"\x01\xff")
_STRING: Final = re.compile(rb'"[^"]*"')
_PASSES: Final = 6


def deeper_than(data: bytes, limit: int) -> bool:
    """Whether objects and arrays nest more than ``limit`` levels somewhere in ``data`` (one JSON text or many).

    Exact for JSON; for anything else the answer may be True too early but never too late. Linear time, in passes of C
    code: only the brackets are kept, the innermost levels are erased (most of a trace goes here), and the rest is added
    up. No recursion.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = data.translate(_ONE_KIND, _DROPPED).replace(b'""', b"")
    if b'"' in brackets:  # strings that hold brackets
        brackets = _STRING.sub(b"", brackets).replace(b'"', b"")
    erased = 0
    while brackets and erased < min(_PASSES, limit):
        inner = brackets.replace(b"{}", b"")
        if len(inner) == len(brackets):
            break
        brackets = inner
        erased += 1
    if not brackets:
        return False
    steps = array("b", brackets.translate(_STEPS))
    lowest = accumulate(accumulate(steps), min, initial=0)  # text that closes what it never opened
    deepest: int = max(map(sub, accumulate(steps), lowest))
    return deepest + erased > limit
