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
from collections.abc import Mapping
from threading import Lock
from types import FunctionType, ModuleType
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

from otelwod.stages.tracing import SPAN_KEY
from otelwod.trace import AttributeValue

_SDK: Final = "opentelemetry.sdk.trace"
_COMMON: Final = {
    "_resource",
    "_sampler",
    "_trace_config",
    "_record_exception",
    "_set_status_on_exception",
    "_span_processor",
    "_limits",
    "_instrumentation_info",
    "_instrumentation_scope",
    "_status",
}
"""Fields that are the same object in every span of a tracer (the status until somebody sets one)."""
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

_new = object.__new__


class LeanTracer:
    """The short way for one tracer. Knows nothing until `learn` has seen spans of the tracer's own making."""

    __slots__ = (
        "_always",
        "_always_below_sampled",
        "_attribute_limit",
        "_event_limit",
        "_fields",
        "_flags",
        "_is_enabled",
        "_link_limit",
        "_list_class",
        "_span_class",
        "_tracer",
        "usable",
    )

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._flags: dict[object, tuple[TraceFlags, TraceFlags]] = {}
        self._fields: dict[str, Any] = {}
        self.usable = _is_known(tracer)
        if self.usable:
            sdk, sampling = sys.modules[_SDK], sys.modules[f"{_SDK}.sampling"]
            self._span_class: Any = sdk.__dict__["_Span"]
            self._list_class: Any = sdk.__dict__["BoundedList"]
            self._always = getattr(sampling, "ALWAYS_ON", None)
            self._always_below_sampled = getattr(sampling, "DEFAULT_ON", None)
            self._is_enabled = getattr(tracer, "_is_enabled", _yes)

    def start(
        self, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue], context: Context, start_ns: int
    ) -> tuple[Span, dict[str, AttributeValue] | None] | None:
        """A span as the tracer would start it; None where it has to do that itself.

        With it come its attributes themselves, to add one of a known good value later; None where they are limited.
        """
        tracer = self._tracer
        fields = self._fields
        if (
            not fields
            or tracer.resource is not fields["_resource"]  # changes in a forked child
            or tracer.sampler is not fields["_sampler"]
            or len(attributes) > self._attribute_limit
            or not self._is_enabled()
        ):
            return None
        ids = tracer.id_generator
        sampler = tracer.sampler
        around: Any = context.get(SPAN_KEY)
        if around is None:
            parent = state = None
            flags = self._flags.get(_random(ids))
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
        span_context = SpanContext(trace_id, ids.generate_span_id(), False, flags[sampled], state)
        if not recording:
            return NonRecordingSpan(span_context), None
        limits = fields["_limits"]
        if given is attributes or given == attributes:
            plain = dict(attributes)
            held: Any = _new(BoundedAttributes)
            held.__dict__.update(
                _dict=plain,
                maxlen=limits.max_span_attributes,
                dropped=0,
                max_value_len=None,
                _lock=Lock(),
                _immutable=False,
            )
        else:  # a sampler may add its own, of any value
            held = BoundedAttributes(limits.max_span_attributes, given, immutable=False)
            plain = held._dict
        events, links = _new(self._list_class), _new(self._list_class)
        events.__dict__.update(dropped=0, _dq=deque(maxlen=self._event_limit), _lock=Lock())
        links.__dict__.update(dropped=0, _dq=deque(maxlen=self._link_limit), _lock=Lock())
        span = _new(self._span_class)
        span.__dict__.update(
            fields,
            _name=name,
            _kind=kind,
            _parent=parent,
            _context=span_context,
            _lock=Lock(),
            _attributes=held,
            _events=events,
            _links=links,
        )
        span.start(start_ns, context)
        return span, plain if self._attribute_limit >= SPACIOUS else None

    def learn(self, span: Span, context: Context) -> None:
        """Look at a span that the tracer has just started by itself under ``context``."""
        tracer = self._tracer
        if type(span) is self._span_class:
            found = span.__dict__
            if getattr(found.get("_status"), "status_code", None) is not StatusCode.UNSET:
                return  # a processor has set it already: this one shows nothing
            if not self._fields or any(
                getattr(tracer, name[1:]) is not self._fields[name] for name in ("_resource", "_sampler")
            ):
                fields = _fields_of(found, tracer)
                if fields is None:
                    self.usable = False
                    return
                limits = fields["_limits"]
                self._attribute_limit = (
                    sys.maxsize if limits.max_span_attributes is None else limits.max_span_attributes
                )
                self._event_limit = limits.max_events
                self._link_limit = limits.max_links
                self._fields = fields
        around: Any = context.get(SPAN_KEY)
        made = span.get_span_context()
        flags = TraceFlags(made.trace_flags & ~1), TraceFlags(made.trace_flags | 1)
        if around is None:
            self._flags[_random(tracer.id_generator)] = flags
            return
        parent = around.get_span_context()
        if parent.is_valid and parent.trace_id == made.trace_id and parent.span_id != made.span_id:
            self._flags[(int(parent.trace_flags),)] = flags


def _yes() -> bool:
    return True


def _random(ids: Any) -> object:
    """What newer SDKs ask the generator for the flags of a root."""
    asked = getattr(ids, "is_trace_id_random", None)
    return None if asked is None else bool(asked())


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
            and tuple(_SAMPLE) == (1, 2, False, _SAMPLE.trace_flags, _SAMPLE.trace_state, True)
        )
    except (AttributeError, KeyError, IndexError):
        return False


def _is_own(function: object, module: ModuleType) -> bool:
    """Whether a function still is what its module defines: nobody has put another in its place."""
    return type(function) is FunctionType and function.__code__.co_filename == module.__file__


def _fields_of(found: Mapping[str, Any], tracer: Any) -> dict[str, Any] | None:
    """The fields that every span of the tracer shares, or None where a span is not as expected."""
    if found.keys() - {_METRICS} != _COMMON | _OWN:
        return None
    limits, attributes = found["_limits"], found["_attributes"]
    ends = found.get(_METRICS)
    if (
        found["_resource"] is not tracer.resource
        or found["_span_processor"] is not tracer.span_processor
        or found["_sampler"] is not tracer.sampler
        or found["_end_time"] is not None
        or getattr(ends, "__closure__", None) is not None
        or type(attributes) is not BoundedAttributes
        or vars(attributes).keys() != _ATTRIBUTE_FIELDS
        or limits.max_span_attribute_length is not None
        or attributes.maxlen != limits.max_span_attributes
    ):
        return None
    for name, limit in (("_events", limits.max_events), ("_links", limits.max_links)):
        if vars(found[name]).keys() != _LIST_FIELDS or found[name]._dq.maxlen != limit:
            return None
    shared = {name: found[name] for name in _COMMON}
    shared.update(_start_time=None, _end_time=None)
    if _METRICS in found:
        shared[_METRICS] = ends
    return shared
