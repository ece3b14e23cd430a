"""Movements: the canonical id of a name, and the nearest known name of one that is not in the table."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from otelwod.workout.model import Movement
from otelwod.workout.movement_table import TABLE
from otelwod.workout.wordlist import words

MAX_NAME: Final = 80
"""Longer texts are kept but not looked up: no movement has such a name."""

_MODIFIERS: Final = words(
    """
    alternating alt strict kipping heavy light unbroken weighted touch go t&g tng barbell bb synchro
    synchronized find establish build accumulate complete perform then cal cals calorie calories sync partner
    single one arm leg left right easy hard fast slow moderate steady max effort each side per ea total dual
    double front ghd light-weight tempo
    """
)
_MINOR: Final = words(
    """
    the a an of with at on your
    """
)


def _key(name: str) -> str:
    """Case, hyphens, apostrophes, spaces and plural endings do not matter."""
    words = re.split(r"[\s\-\u2010\u2011_./]+", name.casefold().replace("'", "").replace("\u2019", ""))
    return "".join(_singular(word) for word in words if word and word not in _MINOR)


_SHORT_PLURALS: Final = frozenset({"ups", "dus", "sus", "mus"})


def _singular(word: str) -> str:
    if word in _SHORT_PLURALS:
        return word[:-1]
    if len(word) < 4 or word.endswith("ss"):
        return word
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def _build() -> tuple[dict[str, tuple[str, str]], dict[str, list[str]]]:
    known: dict[str, tuple[str, str]] = {}
    by_initial: dict[str, list[str]] = {}
    for category, block in TABLE.items():
        for line in filter(None, map(str.strip, block.splitlines())):
            name, _, aliases = line.partition(":")
            entry = (f"{category}/{re.sub(r'[^a-z0-9]+', '_', name.lower().replace(chr(39), '')).strip('_')}", name)
            for spelling in (name, *filter(None, map(str.strip, aliases.split(",")))):
                key = _key(spelling)
                if key not in known:
                    known[key] = entry
                    by_initial.setdefault(key[0], []).append(key)
    return known, by_initial


_KNOWN, _BY_INITIAL = _build()


def lookup(name: str) -> tuple[str, str] | None:
    """``(category/name, canonical name)`` of a movement as written, or None where the table does not know it.

    Words that say how it is done (strict, heavy, alternating, per side) are left out when the whole name is unknown.
    """
    return _lookup(name) if len(name) <= MAX_NAME else None


@lru_cache(maxsize=4096)
def _lookup(name: str) -> tuple[str, str] | None:
    found = _KNOWN.get(_key(name))
    if found is not None:
        return found
    words = name.casefold().split()
    kept = [word for word in words if word not in _MODIFIERS]
    if not kept or len(kept) == len(words):
        return None
    return _KNOWN.get(_key(" ".join(kept)))


def movement(name: str, qualifier: str | None = None) -> Movement:
    """A movement as written; its qualifier may tell it from others (``Swings (Russian)``)."""
    short = len(name) + len(qualifier or "") <= MAX_NAME
    return _movement(name, qualifier) if short else _movement.__wrapped__(name, qualifier)


@lru_cache(maxsize=4096)
def _movement(name: str, qualifier: str | None) -> Movement:
    known = lookup(name)
    if qualifier is not None:
        known = lookup(f"{qualifier} {name}") or known
    return Movement(name, known[0] if known else None, qualifier)


def nearest(name: str) -> str | None:
    """The known name that an unknown one may have meant. At most some sixty candidates are compared."""
    return _nearest(name) if len(name) <= MAX_NAME else None


@lru_cache(maxsize=1024)
def _nearest(name: str) -> str | None:
    key = _key(name)
    if not key:
        return None
    candidates = [known for known in _BY_INITIAL.get(key[0], ()) if abs(len(known) - len(key)) <= 3]
    close = get_close_matches(key, candidates, n=1, cutoff=0.75)
    return _KNOWN[close[0]][1] if close else None


def names() -> tuple[str, ...]:
    """Every canonical name of the table."""
    return tuple(dict.fromkeys(name for _, name in _KNOWN.values()))
