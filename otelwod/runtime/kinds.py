"""What all runs of one node share: its behaviours, and what its span says from the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from otelwod.runtime.attributes import label_of, start_attributes
from otelwod.runtime.block import Behavior, Block
from otelwod.runtime.blocks import BlockFactory
from otelwod.runtime.events import Value
from otelwod.runtime.program import Node, Program, takes_scheme


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


def inherited_reps(node: Node, open_blocks: Iterable[Block]) -> int | None:
    """The reps of the nearest rep scheme above, for an effort that names no amount of its own."""
    if node.type != "effort" or node.statement is None or not takes_scheme(node.statement):
        return None
    reps: int | None = None
    for block in open_blocks:
        reps = block.get("scheme_reps", reps)
    return reps
