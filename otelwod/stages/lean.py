"""A short way to the SDK's own spans, taken only where it is known to give the same span.

``Tracer.start_span`` spends most of its time on what is the same for every span of a tracer: cleaning attributes that
are clean, handing twenty fields through two constructors, asking a sampler that always says yes. A `LeanTracer`
looks at spans that the tracer made itself and then makes the like of them: an instance of the SDK's own class with
the same fields, fresh where they belong to one span, and started by its own ``start``. Ids come from the provider's
generator, a sampler that decides is asked as the tracer would ask it, and the processors see a span as any other.

It is taken only if everything it relies on is there: the SDK's unpatched code, the fields that are known, no limit on
the length of values. Whatever is different (another tracer or version, a patched ``start_span``, links) goes through
``start_span``, as does every case not yet seen from the tracer itself: the trace flags, for instance, are those that
the SDK gave to a child of the same kind of parent.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from threading import Lock
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

from otelwod.stages.tracing import SPAN_KEY
from otelwod.trace import AttributeValue

_SDK: Final = "opentelemetry.sdk.trace"


class _Shared(NamedTuple):
    """What is the same object in every span of a tracer (the status until somebody sets one).

    The names are those of its fields, without the underscore.
    """

    resource: Any
    sampler: Any
    span_processor: Any
    limits: Any
    instrumentation_info: Any
    instrumentation_scope: Any
    status: Any
    record_exception: Any
    set_status_on_exception: Any
    trace_config: Any


_OWN: Final = {
    "_name",
    "_context",
    "_kind",
    "_parent",
    "_start_time",
    "_end_time",
    "_lock",
    "_attributes",
    "_events",
    "_links",
}
SPACIOUS: Final = 100
"""Attributes up to which none of ours can run into the limit (128 by default)."""
_METRICS: Final = "_record_end_metrics"
"""Of newer SDKs: a function that does nothing, unless the SDK's metrics of itself are on."""
_ATTRIBUTE_FIELDS: Final = {"_dict", "maxlen", "dropped", "max_value_len", "_lock", "_immutable"}
_LIST_FIELDS: Final = {"dropped", "_dq", "_lock"}

_SAMPLE: Final = SpanContext(1, 2, False, TraceFlags(1), TraceState([("k", "v")]))

_NO_STATE: Final = SpanContext(1, 2, False).trace_state
_MAX_TRACE_ID: Final = (1 << 128) - 1
_MAX_SPAN_ID: Final = (1 << 64) - 1
_MISSING: Final = object()

_new = object.__new__
_tuple = tuple.__new__


class LeanTracer:
    """The short way for one tracer. Knows nothing until `learn` has seen spans of the tracer's own making."""

    __slots__ = (
        "_always",
        "_always_below_sampled",
        "_attribute_limit",
        "_ends",
        "_flags",
        "_is_enabled",
        "_list_class",
        "_lists",
        "_says_random",
        "_shared",
        "_span_class",
        "_tracer",
        "usable",
    )

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._flags: dict[object, tuple[TraceFlags, TraceFlags]] = {}
        self._shared: _Shared | None = None
        self.usable = _is_known(tracer)
        if self.usable:
            sdk, sampling = sys.modules[_SDK], sys.modules[f"{_SDK}.sampling"]
            self._span_class: Any = sdk.__dict__["_Span"]
            self._list_class: Any = sdk.__dict__["BoundedList"]
            self._always = getattr(sampling, "ALWAYS_ON", None)
            self._always_below_sampled = getattr(sampling, "DEFAULT_ON", None)
            self._is_enabled = getattr(tracer, "_is_enabled", _yes)
            self._says_random = hasattr(tracer.id_generator, "is_trace_id_random")  # as those of newer SDKs do

    def start(
        self, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue], context: Context, start_ns: int
    ) -> tuple[Span, dict[str, AttributeValue] | None] | None:
        """A span as the tracer would start it; None where it has to do that itself.

        With it come its attributes themselves, to add one of a known good value later; None where they are limited.
        """
        tracer = self._tracer
        shared = self._shared
        if shared is None:
            return None
        resource, sampler, processor, limits, info, scope, status, records, sets_status, config = shared
        ids = tracer.id_generator
        if (
            tracer.resource is not resource  # changes in a forked child
            or tracer.sampler is not sampler
            or len(attributes) > self._attribute_limit
            or not self._is_enabled()
        ):
            return None
        around: Any = context.get(SPAN_KEY)
        if around is None:
            parent = None
            state = _NO_STATE
            flags = self._flags.get(ids.is_trace_id_random() if self._says_random else None)
            if flags is None:
                return None
            trace_id = ids.generate_trace_id()
            sampled = sampler is self._always or sampler is self._always_below_sampled
        else:
            parent = around.get_span_context()
            if type(parent) is not SpanContext:
                return None
            trace_id, _, _, parent_flags, state, is_valid = parent
            if not is_valid:
                return None
            flags = self._flags.get((int(parent_flags),))
            if flags is None:
                return None
            sampled = sampler is self._always or (sampler is self._always_below_sampled and bool(parent_flags & 1))
        given = attributes
        recording = True
        if not sampled:
            result = sampler.should_sample(context, trace_id, name, kind, attributes, ())
            recording, sampled = result.decision.is_recording(), result.decision.is_sampled()
            state, given = result.trace_state, result.attributes
        span_id = ids.generate_span_id()
        if state is not None and 0 < span_id <= _MAX_SPAN_ID and 0 < trace_id <= _MAX_TRACE_ID:
            span_context = _tuple(SpanContext, (trace_id, span_id, False, flags[sampled], state, True))
        else:
            span_context = SpanContext(trace_id, span_id, False, flags[sampled], state)
        if not recording:
            return NonRecordingSpan(span_context), None
        held: Any
        if given is attributes or given == attributes:
            plain = dict(attributes)
            held = _new(BoundedAttributes)
            held._dict = plain
            held.maxlen = limits.max_span_attributes
            held.dropped = 0
            held.max_value_len = None
            held._lock = Lock()
            held._immutable = False
        else:  # a sampler may add its own, of any value
            held = BoundedAttributes(limits.max_span_attributes, given, immutable=False)
            plain = held._dict
        # Field by field, as its own `__init__` does: so its fields stay in the compact form that Python gives to what
        # is made in the same way each time, and one that is made from a ready dictionary has not.
        span = _new(self._span_class)
        span._name = name
        span._context = span_context
        span._kind = kind
        span._instrumentation_info = info
        span._instrumentation_scope = scope
        span._parent = parent
        span._start_time = None
        span._end_time = None
        span._attributes = held
        events, links = self._lists
        span._events = _new(events)
        span._links = _new(links)
        span._resource = resource
        span._status = status
        span._sampler = sampler
        span._trace_config = config
        span._record_exception = records
        span._set_status_on_exception = sets_status
        span._span_processor = processor
        span._limits = limits
        span._lock = Lock()
        if self._ends is not _MISSING:
            span._record_end_metrics = self._ends
        span.start(start_ns, context)
        return span, plain if self._attribute_limit >= SPACIOUS else None

    def learn(self, span: Span, context: Context) -> None:
        """Look at a span that the tracer has just started by itself under ``context``."""
        tracer = self._tracer
        if type(span) is self._span_class:
            found = span.__dict__
            if getattr(found.get("_status"), "status_code", None) is not StatusCode.UNSET:
                return  # a processor has set it already: this one shows nothing
            shared = self._shared
            if shared is None or tracer.resource is not shared.resource or tracer.sampler is not shared.sampler:
                if not _is_expected(found, tracer):
                    self.usable = False
                    return
                limits = found["_limits"]
                self._attribute_limit = (
                    sys.maxsize if limits.max_span_attributes is None else limits.max_span_attributes
                )
                self._lists = tuple(_unfilled(self._list_class, most) for most in (limits.max_events, limits.max_links))
                self._ends = found.get(_METRICS, _MISSING)
                self._shared = _Shared(*(found[f"_{name}"] for name in _Shared._fields))
        ids = tracer.id_generator
        around: Any = context.get(SPAN_KEY)
        made = span.get_span_context()
        flags = TraceFlags(made.trace_flags & ~1), TraceFlags(made.trace_flags | 1)
        if around is None:
            self._flags[ids.is_trace_id_random() if self._says_random else None] = flags
            return
        parent = around.get_span_context()
        if parent.is_valid and parent.trace_id == made.trace_id and parent.span_id != made.span_id:
            self._flags[(int(parent.trace_flags),)] = flags


def _yes() -> bool:
    return True


def _is_known(tracer: Any) -> bool:
    """Whether ``tracer`` is the SDK's own, with its own code."""
    sdk = sys.modules.get(_SDK)
    util = sys.modules.get("opentelemetry.sdk.util")
    attributes = sys.modules.get("opentelemetry.attributes")
    if sdk is None or util is None or attributes is None:
        return False
    try:
        return (
            type(tracer) is sdk.Tracer
            and "start_span" not in vars(tracer)
            and all(
                _is_own(function, module)
                for module, functions in (
                    (sdk, (sdk.Tracer.start_span, sdk.Span.__init__, sdk.ReadableSpan.__init__, sdk.Span.start)),
                    (attributes, (BoundedAttributes.__init__,)),
                    (util, (sdk.BoundedList.__init__,)),
                )
                for function in functions
            )
            and sdk.__dict__["_Span"].__mro__[1] is sdk.Span
            and "__init__" not in vars(sdk.__dict__["_Span"])
            and not vars(_SAMPLE)
            and tuple(_SAMPLE) == (1, 2, False, _SAMPLE.trace_flags, _SAMPLE.trace_state, True)
        )
    except (AttributeError, KeyError, IndexError):
        return False


def _is_own(function: object, module: ModuleType) -> bool:
    """Whether a function still is what its module defines: nobody has put another in its place."""
    return type(function) is FunctionType and function.__code__.co_filename == module.__file__


def _is_expected(found: Mapping[str, Any], tracer: Any) -> bool:
    """Whether a span that the tracer made has the fields that are known, each as expected."""
    if found.keys() - {_METRICS} != _OWN | {f"_{name}" for name in _Shared._fields}:
        return False
    limits, attributes = found["_limits"], found["_attributes"]
    return (
        found["_resource"] is tracer.resource
        and found["_span_processor"] is tracer.span_processor
        and found["_sampler"] is tracer.sampler
        and found["_end_time"] is None
        and getattr(found.get(_METRICS), "__closure__", None) is None
        and type(attributes) is BoundedAttributes
        and vars(attributes).keys() == _ATTRIBUTE_FIELDS
        and limits.max_span_attribute_length is None
        and attributes.maxlen == limits.max_span_attributes
        and all(
            vars(found[name]).keys() == _LIST_FIELDS and found[name]._dq.maxlen == most
            for name, most in (("_events", limits.max_events), ("_links", limits.max_links))
        )
    )


@lru_cache(maxsize=16)
def _unfilled(base: Any, most: int | None) -> Any:
    """The SDK's list of at most ``most`` things, made empty-handed: most spans have neither an event nor a link.

    What holds the things (some 900 bytes, which the SDK makes each time) is made when the SDK's code asks for it.
    """

    class Unfilled(base):  # type: ignore[misc]
        dropped = 0

        def __getattr__(self, name: str) -> Any:
            if name == "_dq":
                return self.__dict__.setdefault(name, deque(maxlen=most))
            if name == "_lock":
                return self.__dict__.setdefault(name, Lock())
            raise AttributeError(f"{base.__name__!r} object has no attribute {name!r}")

        def __len__(self) -> int:
            return len(self.__dict__.get("_dq", ()))

        def __iter__(self) -> Iterator[Any]:
            return iter(base.__iter__(self) if "_dq" in self.__dict__ else ())

    Unfilled.__name__ = Unfilled.__qualname__ = base.__name__
    return Unfilled
