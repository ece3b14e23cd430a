"""The session's state: typed references that live and die with their owner.

`RuntimeMemory` *is* the state of a session; blocks and behaviours keep none of their own. So a snapshot of it is a
snapshot of the session, undo rolls it back, and two sessions whose memories are equal behave equally from there on.
Values are treated as immutable: change one by setting a new value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeAlias, TypeVar

Visibility = Literal["private", "public"]
Scope = Literal["block", "span"]
ChangeKind = Literal["allocated", "set", "released"]
T = TypeVar("T")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ReleasedError(RuntimeError):
    """A reference was used after its owner released it."""


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """One reference as data: what `RuntimeMemory.snapshot` is made of."""

    id: int
    type: str
    owner: str
    visibility: Visibility
    scope: Scope
    parent: int | None
    value: object


@dataclass(frozen=True, slots=True)
class MemoryChange:
    """What a subscriber of the memory is told."""

    kind: ChangeKind
    entry: MemoryEntry


class MemoryReference(Generic[T]):
    """A handle on one value. Made by `RuntimeMemory.allocate` or `create_child`, never directly."""

    __slots__ = ("_memory", "_value", "children", "id", "owner", "parent", "scope", "type", "visibility")

    def __init__(
        self,
        memory: RuntimeMemory,
        id: int,
        type: str,
        owner: str,
        value: T,
        visibility: Visibility,
        scope: Scope,
        parent: MemoryReference[Any] | None,
    ) -> None:
        self._memory: RuntimeMemory | None = memory
        self._value = value
        self.id = id
        self.type = type
        self.owner = owner
        self.visibility = visibility
        self.scope = scope
        self.parent = parent
        self.children: list[MemoryReference[Any]] = []

    @property
    def is_valid(self) -> bool:
        """False once the reference, its parent or its owner was released."""
        return self._memory is not None

    def get(self) -> T:
        """The value; `ReleasedError` after release."""
        if self._memory is None:
            raise self._released()
        return self._value

    def set(self, value: T) -> None:
        """A new value; `ReleasedError` after release."""
        memory = self._memory
        if memory is None:
            raise self._released()
        if memory.logging is not None:
            memory.logging.append((self.id, self._value))
        self._value = value
        if memory.observed:
            memory.notify("set", self)

    def create_child(self, type: str, initial: Any = None) -> MemoryReference[Any]:
        """A reference with the same owner that is released before this one."""
        if self._memory is None:
            raise self._released()
        return self._memory.allocate(
            type, self.owner, initial, visibility=self.visibility, scope=self.scope, parent=self
        )

    def entry(self) -> MemoryEntry:
        """This reference as data."""
        parent = self.parent.id if self.parent is not None else None
        return MemoryEntry(self.id, self.type, self.owner, self.visibility, self.scope, parent, self._value)

    def _released(self) -> ReleasedError:
        return ReleasedError(
            f"the {self.type!r} reference of {self.owner!r} was released with its owner; "
            "ask the memory for a current one instead of keeping this"
        )

    def __repr__(self) -> str:
        state = repr(self._value) if self._memory is not None else "released"
        return f"<{self.type} of {self.owner}: {state}>"


Change: TypeAlias = tuple[Any, ...]
"""One change as data, for `RuntimeMemory.roll_back`: ``(id, value before)`` of a set, ``(id,)`` of an allocation,
``(id, type, owner, visibility, scope, parent, value)`` of a release."""


class RuntimeMemory:
    """Allocates, finds and releases the references of one session. Not thread-safe: a session has one driver."""

    def __init__(self) -> None:
        self._references: dict[int, MemoryReference[Any]] = {}
        self._owners: dict[str, dict[str, MemoryReference[Any]]] = {}
        self._subscribers: list[Callable[[MemoryChange], None]] = []
        self.observed = False
        self.logging: list[Change] | None = None

    # ------------------------------------------------------------------------------------------ allocate, release

    def allocate(
        self,
        type: str,
        owner: str,
        initial: T = None,  # type: ignore[assignment]
        *,
        visibility: Visibility = "private",
        scope: Scope = "block",
        parent: MemoryReference[Any] | None = None,
    ) -> MemoryReference[T]:
        """A new reference. ``owner`` is a block's key, or with ``scope="span"`` a span's id.

        An owner has at most one reference of a type, unless they hang under a parent. `ValueError` otherwise.
        """
        # The number follows from what there is, so that a session made from a snapshot gives the same ones.
        id = next(reversed(self._references), -1) + 1
        return self._add(MemoryReference(self, id, type, owner, initial, visibility, scope, parent))

    def _add(self, reference: MemoryReference[T]) -> MemoryReference[T]:
        type, owner, parent = reference.type, reference.owner, reference.parent
        if parent is not None:
            parent.children.append(reference)
        else:
            owned = self._owners.get(owner)
            if owned is None:
                self._owners[owner] = {type: reference}
            elif type in owned:
                raise ValueError(f"{owner!r} has a {type!r} reference already; set it, or give the new one a parent")
            else:
                owned[type] = reference
        self._references[reference.id] = reference
        if self.logging is not None:
            self.logging.append((reference.id,))
        if self.observed:
            self.notify("allocated", reference)
        return reference

    def release(self, reference: MemoryReference[Any]) -> None:
        """Releases a reference, its children first. Releasing twice is harmless."""
        pending = [reference]
        order = []
        while pending:
            current = pending.pop()
            order.append(current)
            pending.extend(current.children)
        if reference.parent is not None and reference in reference.parent.children:
            reference.parent.children.remove(reference)
        for each in reversed(order):
            if each._memory is None:
                continue
            if self.observed:
                self.notify("released", each)
            if self.logging is not None:
                up = each.parent.id if each.parent is not None else None
                self.logging.append((each.id, each.type, each.owner, each.visibility, each.scope, up, each._value))
            self._remove(each)

    def _remove(self, reference: MemoryReference[Any]) -> None:
        reference._memory = None
        del self._references[reference.id]
        if reference.parent is None:
            owned = self._owners[reference.owner]
            del owned[reference.type]
            if not owned:
                del self._owners[reference.owner]

    def release_owner(self, owner: str) -> None:
        """Releases everything that this owner has, latest first, children before parents."""
        owned = self._owners.get(owner)
        if owned is None:
            return
        references, log = self._references, self.logging
        for reference in reversed(list(owned.values())):
            if reference.children or self.observed:
                self.release(reference)
                continue
            if log is not None:
                log.append(
                    (reference.id, reference.type, owner, reference.visibility, reference.scope, None, reference._value)
                )
            reference._memory = None
            del references[reference.id]
            del owned[reference.type]
        self._owners.pop(owner, None)

    # ---------------------------------------------------------------------------------------------------- get, find

    def get(self, reference: MemoryReference[T]) -> T:
        """The value of a reference; `ReleasedError` after release."""
        return reference.get()

    def set(self, reference: MemoryReference[T], value: T) -> None:
        """A new value for a reference; `ReleasedError` after release."""
        reference.set(value)

    def find(self, owner: str, type: str) -> MemoryReference[Any] | None:
        """The owner's reference of this type, or None."""
        owned = self._owners.get(owner)
        return owned.get(type) if owned is not None else None

    def owned(self, owner: str) -> Mapping[str, MemoryReference[Any]]:
        """The references of an owner by type, as a live view; empty for one that has none yet."""
        return self._owners.get(owner, _NOTHING)

    def search(
        self,
        *,
        type: str | None = None,
        owner: str | None = None,
        visibility: Visibility | None = None,
        span: str | None = None,
    ) -> list[MemoryReference[Any]]:
        """All references that fit every criterion given, oldest first. ``span``: those owned by that span's id."""
        return [
            r
            for r in self._references.values()
            if (type is None or r.type == type)
            and (owner is None or r.owner == owner)
            and (visibility is None or r.visibility == visibility)
            and (span is None or (r.scope == "span" and r.owner == span))
        ]

    def by_owner(self, owner: str) -> list[MemoryReference[Any]]:
        """All references of an owner, oldest first."""
        return self.search(owner=owner)

    def references(self) -> list[MemoryReference[Any]]:
        """All references, oldest first."""
        return list(self._references.values())

    def snapshot(self) -> tuple[MemoryEntry, ...]:
        """All references as data, oldest first: the whole state of the session."""
        return tuple(r.entry() for r in self._references.values())

    def __len__(self) -> int:
        return len(self._references)

    def __iter__(self) -> Iterator[MemoryReference[Any]]:
        return iter(list(self._references.values()))

    # ------------------------------------------------------------------------------------------------ undo, load

    def log_changes(self) -> list[Change]:
        """Begins to note every change, for `roll_back`; the list that is returned grows until `stop_log`."""
        self.logging = []
        return self.logging

    def stop_log(self) -> None:
        """Notes no more changes."""
        self.logging = None

    def roll_back(self, log: Sequence[Change]) -> None:
        """Undoes the changes of a log, latest first: what it allocated is gone, what it released is there again."""
        for change in reversed(log):
            id = change[0]
            if len(change) == 1:
                self._remove(self._references[id])
            elif len(change) == 2:
                self._references[id]._value = change[1]
            else:
                _, type, owner, visibility, scope, up, value = change
                parent = self._references[up] if up is not None else None
                self._references[id] = MemoryReference(self, id, type, owner, value, visibility, scope, parent)
                if parent is None:
                    self._owners.setdefault(owner, {})[type] = self._references[id]
        self._in_order()

    def _in_order(self) -> None:
        """Puts everything back into the order of allocation, children under their parents."""
        self._references = dict(sorted(self._references.items()))
        self._owners = {}
        for reference in self._references.values():
            reference.children = []
            if reference.parent is not None:
                reference.parent.children.append(reference)
            else:
                self._owners.setdefault(reference.owner, {})[reference.type] = reference

    def load(self, entries: tuple[MemoryEntry, ...]) -> None:
        """Fills an empty memory from a snapshot. `ValueError` when it is not empty."""
        if self._references:
            raise ValueError("load a snapshot into an empty memory only")
        for entry in entries:
            parent = self._references[entry.parent] if entry.parent is not None else None
            self._add(
                MemoryReference(
                    self, entry.id, entry.type, entry.owner, entry.value, entry.visibility, entry.scope, parent
                )
            )

    # ---------------------------------------------------------------------------------------------------- subscribe

    def subscribe(self, subscriber: Callable[[MemoryChange], None]) -> Callable[[], None]:
        """Tells ``subscriber`` of every change; call what is returned to end it. One that raises is dropped."""
        self._subscribers.append(subscriber)
        self.observed = True

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)
                self.observed = bool(self._subscribers)

        return unsubscribe

    def notify(self, kind: ChangeKind, reference: MemoryReference[Any]) -> None:
        """Internal: tells the subscribers."""
        change = MemoryChange(kind, reference.entry())
        for subscriber in list(self._subscribers):
            try:
                subscriber(change)
            except Exception:  # noqa: BLE001 - a failing observer harms nobody
                self._subscribers.remove(subscriber)
                self.observed = bool(self._subscribers)
