"""What runs now: the open blocks, from the session (root) to the innermost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from otelwod.runtime.block import FORCED, Block, Ending
from otelwod.runtime.events import Value

Attributes: TypeAlias = Mapping[str, Value]


class DepthError(RuntimeError):
    """More blocks were nested than `Limits.depth` allows."""


class RuntimeStack:
    """The open blocks. Popping one unmounts it, takes it off, and disposes of it: its memory is released.

    ``unmount`` and ``dispose`` are the engine's; what the first returns is given to the second.
    """

    __slots__ = ("_blocks", "_dispose", "_max_depth", "_unmount")

    def __init__(
        self,
        max_depth: int,
        unmount: Callable[[Block, Ending], Attributes] = lambda block, ending: {},
        dispose: Callable[[Block, Ending, Attributes], None] = lambda block, ending, attributes: None,
    ) -> None:
        self._blocks: list[Block] = []
        self._max_depth = max_depth
        self._unmount = unmount
        self._dispose = dispose

    def push(self, block: Block) -> None:
        """Puts a block on top; `DepthError` beyond the limit."""
        self.check_room()
        self._blocks.append(block)

    def check_room(self) -> None:
        """`DepthError` where nothing more can be pushed."""
        if len(self._blocks) >= self._max_depth:
            raise DepthError(f"more than {self._max_depth} blocks are nested; raise `depth` in Limits")

    def pop(self, ending: Ending = FORCED) -> Block:
        """Unmounts, takes off and disposes of the innermost block; `IndexError` when nothing is open."""
        block = self._blocks[-1]
        attributes = self._unmount(block, ending)
        self._blocks.pop()
        self._dispose(block, ending, attributes)
        return block

    @property
    def current(self) -> Block | None:
        """The innermost open block."""
        return self._blocks[-1] if self._blocks else None

    @property
    def depth(self) -> int:
        """How many blocks are open."""
        return len(self._blocks)

    def parent(self, block: Block) -> Block | None:
        """The open block around this one, None for the root."""
        index = self._blocks.index(block)
        return self._blocks[index - 1] if index else None

    def blocks(self) -> tuple[Block, ...]:
        """The open blocks, root first."""
        return tuple(self._blocks)

    def replace(self, blocks: list[Block]) -> None:
        """Internal: after a restore."""
        self._blocks = blocks

    def __iter__(self) -> Iterator[Block]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)
