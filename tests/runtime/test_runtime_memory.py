"""RuntimeMemory and DebugMemoryView: ownership, release, search, snapshot, subscription."""

from __future__ import annotations

import pytest
from runtime_sessions import MINUTE, Run, S

from otelwod.runtime.debug import DebugMemoryView
from otelwod.runtime.memory import MemoryChange, ReleasedError, RuntimeMemory


def test_references_are_typed_owned_and_valid_until_released() -> None:
    memory = RuntimeMemory()
    timer = memory.allocate("timer", "0.1", 5)
    assert (timer.type, timer.owner, timer.get(), timer.is_valid) == ("timer", "0.1", 5, True)
    timer.set(6)
    memory.set(timer, memory.get(timer) + 1)
    assert timer.get() == 7
    memory.release(timer)
    memory.release(timer)
    assert not timer.is_valid
    assert "released" in repr(timer)
    for use in (timer.get, lambda: timer.set(1), lambda: timer.create_child("x"), lambda: memory.get(timer)):
        with pytest.raises(ReleasedError, match=r"'timer' reference of '0\.1' was released"):
            use()
    assert len(memory) == 0


def test_one_reference_of_a_type_for_an_owner() -> None:
    memory = RuntimeMemory()
    memory.allocate("timer", "a")
    with pytest.raises(ValueError, match="has a 'timer' reference already"):
        memory.allocate("timer", "a")


def test_children_are_released_before_their_parents() -> None:
    memory = RuntimeMemory()
    gone: list[str] = []
    memory.subscribe(lambda change: gone.append(change.entry.type) if change.kind == "released" else None)
    parent = memory.allocate("parent", "a")
    child = parent.create_child("child")
    child.create_child("grandchild")
    other = memory.allocate("other", "b")
    memory.release_owner("a")
    assert gone == ["grandchild", "child", "parent"]
    assert not child.is_valid
    assert other.is_valid
    memory.release_owner("nobody")


def test_a_child_can_go_alone() -> None:
    memory = RuntimeMemory()
    parent = memory.allocate("parent", "a")
    child = parent.create_child("child", 1)
    memory.release(child)
    assert parent.children == []
    assert memory.references() == [parent]


def test_search_by_type_owner_visibility_and_span() -> None:
    memory = RuntimeMemory()
    a = memory.allocate("timer", "a", visibility="public")
    b = memory.allocate("timer", "b")
    c = memory.allocate("count", "b#1", scope="span")
    assert memory.search(type="timer") == [a, b]
    assert memory.search(owner="b") == memory.by_owner("b") == [b]
    assert memory.search(visibility="public") == [a]
    assert memory.search(span="b#1") == [c]
    assert memory.search(span="b") == [], "b is a block here, no span"
    assert memory.search(type="timer", visibility="private") == [b]
    assert memory.references() == list(memory) == [a, b, c]
    assert memory.find("a", "timer") is a
    assert memory.find("a", "count") is None
    assert memory.find("z", "count") is None
    assert dict(memory.owned("z")) == {}


def test_snapshot_and_load() -> None:
    memory = RuntimeMemory()
    parent = memory.allocate("parent", "a", (1, 2), visibility="public")
    memory.release(memory.allocate("gone", "a"))
    parent.create_child("child", "x")
    memory.allocate("span", "a#1", scope="span")
    copy = RuntimeMemory()
    copy.load(memory.snapshot())
    assert copy.snapshot() == memory.snapshot()
    memory.release_owner("a")
    copy.release_owner("a")
    assert copy.snapshot() == memory.snapshot()
    with pytest.raises(ValueError, match="empty memory"):
        copy.load(memory.snapshot())


def test_roll_back_restores_values_owners_and_the_tree() -> None:
    memory = RuntimeMemory()
    parent = memory.allocate("parent", "a", 1)
    parent.create_child("child", 2)
    before = memory.snapshot()
    log = memory.log_changes()
    parent.set(5)
    memory.allocate("new", "b").create_child("inner")
    memory.release_owner("a")
    memory.allocate("parent", "a", 7)
    memory.stop_log()
    memory.roll_back(log)
    assert memory.snapshot() == before
    restored = memory.find("a", "parent")
    assert restored is not None
    assert [child.get() for child in restored.children] == [2]
    assert memory.allocate("next", "c").id == 2


def test_subscribers_are_told_and_a_failing_one_is_dropped() -> None:
    memory = RuntimeMemory()
    changes: list[MemoryChange] = []

    def failing(change: MemoryChange) -> None:
        raise RuntimeError("no")

    end = memory.subscribe(changes.append)
    memory.subscribe(failing)
    reference = memory.allocate("x", "a", 1)
    reference.set(2)
    memory.release(reference)
    end()
    end()
    memory.allocate("y", "a")
    assert [(change.kind, change.entry.value) for change in changes] == [("allocated", 1), ("set", 2), ("released", 2)]
    assert not memory.observed


def test_what_a_span_owns_goes_with_the_span() -> None:
    run = Run("(2)\n  10 Burpees\n  10 Squats")
    block = run.session.stack.blocks()[1]
    counted = run.session.memory.allocate("count", block.span_key, 1, scope="span")
    leaf = run.session.current
    assert leaf is not None
    seen = run.session.memory.allocate("seen", f"{leaf.key}-seg-0", 1, scope="span")
    assert run.session.memory.search(span=block.span_key) == [counted]
    run.next(10 * S)
    assert not seen.is_valid, "its segment ended"
    assert counted.is_valid, "the round goes on"
    run.next(20 * S)
    assert not counted.is_valid


def test_popping_releases_what_a_block_owned() -> None:
    run = Run("10 Burpees\n10 Squats")
    block = run.session.current
    assert block is not None
    kept = block.memory.find(block.key, "amounts")
    assert kept is not None
    run.next(10 * S)
    assert not kept.is_valid
    assert block.get("amounts") is None
    assert run.session.memory.by_owner(block.key) == []


# ------------------------------------------------------------------------------------------------------------ debug


def test_debug_view_shows_and_cannot_change() -> None:
    memory = RuntimeMemory()
    parent = memory.allocate("parent", "a", {"list": [1]})
    parent.create_child("child", 2)
    memory.allocate("span", "a#1", 3, scope="span")
    view = DebugMemoryView(memory)
    shown = view.snapshot()
    shown[0].value["list"].append(2)  # type: ignore[index]
    assert parent.get() == {"list": [1]}
    assert [entry.type for entry in view.by_type()["child"]] == ["child"]
    assert set(view.by_owner()) == {"a", "a#1"}
    assert [(depth, entry.type) for depth, entry in view.hierarchy()] == [(0, "parent"), (1, "child"), (0, "span")]
    assert view.format() == "block a\n  parent = {'list': [1]}\n    child = 2\nspan a#1\n  span = 3"
    assert not [name for name in dir(view) if name.startswith(("set", "release", "allocate"))]


def test_debug_view_costs_nothing_unused_and_logs_when_asked() -> None:
    run = Run("10 Burpees\n:30 Rest", start=False)
    DebugMemoryView(run.session.memory)
    assert not run.session.memory.observed
    view = DebugMemoryView(run.session.memory, log=True, capacity=40)
    run.next(10 * S)
    run.tick(5 * MINUTE)
    kinds = [change.kind for change in view.log()]
    assert len(kinds) == 40, "bounded"
    assert {"set", "released"} <= set(kinds)
    view.close()
    view.close()
    assert not run.session.memory.observed
    assert len(view.log()) == 40


def test_the_whole_of_a_running_session_is_readable() -> None:
    run = Run("(2)\n  10 Burpees")
    text = DebugMemoryView(run.session.memory).format()
    assert "block session" in text
    assert "before" in text
    assert "10 Burpees" in text
