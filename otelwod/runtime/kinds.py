"""What all runs of one node share: its behaviours, and what its span says from the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from otelwod.runtime.attributes import label_of, start_attributes
from otelwod.runtime.block import Behavior, Block
from otelwod.runtime.blocks import BLOCKS, BlockFactory
from otelwod.runtime.events import Value
from otelwod.runtime.program import Node, Program, takes_scheme
from otelwod.workout.model import Diagnostic

_MOST_SHOWN = 40


class Kind(NamedTuple):
    """The behaviours of a node, and those of them that have deadlines."""

    behaviors: tuple[Behavior, ...]
    timed: tuple[Behavior, ...]


class Kinds:
    """Makes what a node becomes, once for each node; a statement may name its block by an attached ``block`` value."""

    __slots__ = ("_factories", "_kinds", "_program", "_starts")

    def __init__(self, program: Program, factories: Mapping[str, BlockFactory]) -> None:
        self._program = program
        self._factories = factories
        self._kinds: dict[int, Kind] = {}
        self._starts: dict[tuple[int, int | None], tuple[str, dict[str, Value]]] = {}

    def __getitem__(self, index: int) -> Kind:
        kind = self._kinds.get(index)
        if kind is None:
            node = self._program.nodes[index]
            name = node.statement.values.get("block") if node.statement is not None else None
            factory = self._factories.get(str(name)) if name is not None else None
            behaviors = (factory or self._factories[node.type])(node, self._program.profile)
            timed = tuple(b for b in behaviors if type(b).deadline is not Behavior.deadline)
            kind = self._kinds[index] = Kind(behaviors, timed)
        return kind

    def start(self, index: int, target: int | None) -> tuple[str, dict[str, Value]]:
        """Label and attributes of a run with ``target`` repetitions from the scheme above; copy them before use."""
        known = self._starts.get((index, target))
        if known is None:
            node, profile = self._program.nodes[index], self._program.profile
            known = label_of(node, target, profile), start_attributes(node, target, profile)
            self._starts[index, target] = known
        return known


def unknown_blocks(program: Program, known: Iterable[str] = BLOCKS) -> tuple[Diagnostic, ...]:
    """Warnings for lines that ask for a block (``{"block": "death_by"}``) which is none of ``known``: they run without.

    By default only the blocks of the language are known, as on the command line.
    """
    names = tuple(known)
    found: dict[tuple[int, int], Diagnostic] = {}
    for node in program.nodes:
        name = node.statement.values.get("block") if node.statement is not None else None
        if node.statement is None or name is None or str(name) in names:
            continue
        line, column = node.statement.line, node.statement.column + max(0, node.statement.text.find('"block"'))
        shown = str(name) if len(str(name)) <= _MOST_SHOWN else f"{str(name)[:_MOST_SHOWN]}…"
        near = get_close_matches(shown, names, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "blocks of one's own exist in Python: Session(…, blocks={…})"
        message = f"there is no block named `{shown}`; the line runs as {node.type} does"
        # A line that repeats itself is two nodes; the first of them is the line.
        found.setdefault((line, column), Diagnostic(line, column, "warning", message, hint))
    return tuple(found.values())


def inherited_reps(node: Node, open_blocks: Iterable[Block]) -> int | None:
    """The reps of the nearest rep scheme above, for an effort that names no amount of its own."""
    if node.type != "effort" or node.statement is None or not takes_scheme(node.statement):
        return None
    reps: int | None = None
    for block in open_blocks:
        reps = block.get("scheme_reps", reps)
    return reps
