"""What runs now: the open blocks, from the session (root) to the innermost."""

from __future__ import annotations

from collections.abc import Iterator

from otelwod.runtime.block import Block


class DepthError(RuntimeError):
    """More blocks were nested than `Limits.depth` allows."""


class RuntimeStack:
    """The open blocks. `Engine` pushes and pops; popping unmounts, disposes and releases the block's memory."""

    __slots__ = ("_blocks", "_max_depth")

    def __init__(self, max_depth: int) -> None:
        self._blocks: list[Block] = []
        self._max_depth = max_depth

    def push(self, block: Block) -> None:
        """Puts a block on top; `DepthError` beyond the limit."""
        self.check_room()
        self._blocks.append(block)

    def check_room(self) -> None:
        """`DepthError` where nothing more can be pushed."""
        if len(self._blocks) >= self._max_depth:
            raise DepthError(f"more than {self._max_depth} blocks are nested; raise `depth` in Limits")

    def pop(self) -> Block:
        """Takes the innermost block off; `IndexError` when nothing is open."""
        return self._blocks.pop()

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
