"""A short way to the SDK's own spans, taken only where it is known to give the same span.

``Tracer.start_span`` spends most of its time on what is the same for every span of a tracer: asking a sampler that
always says yes, cleaning attributes that are clean, and handing twenty fields through two constructors. A
`LeanTracer` looks at spans that the tracer made itself and then makes the like of them: an instance of the SDK's
own class with the same fields, fresh where they belong to one span, and started by its own ``start``; ids come from
the provider's generator, the processors see it as any other.

It is taken only if everything it relies on is there: the SDK's unpatched code, the fields that are known, a sampler
that records everything, no limit on the length of values. Whatever is different (another tracer, sampler, version, a
patched ``start_span``, links, an unsampled parent) goes through ``start_span``, as does every case not yet seen from
the tracer itself. The trace flags, for instance, are those that the SDK gave to a child of the same kind of parent.
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
from opentelemetry.trace import Span, SpanContext, SpanKind, StatusCode, TraceFlags

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

_new = object.__new__


class LeanTracer:
    """The short way for one tracer. Knows nothing until `learn` has seen spans of the tracer's own making."""

    __slots__ = (
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
        self._flags: dict[object, TraceFlags] = {}
        self._fields: dict[str, Any] = {}
        self.usable = _is_known(tracer)
        if self.usable:
            sdk = sys.modules[_SDK]
            self._span_class: Any = sdk.__dict__["_Span"]
            self._list_class: Any = sdk.__dict__["BoundedList"]
            self._is_enabled = getattr(tracer, "_is_enabled", _yes)

    def start(
        self, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue], context: Context, start_ns: int
    ) -> Span | None:
        """A span as the tracer would start it; None where it has to do that itself."""
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
        around: Any = context.get(SPAN_KEY)
        if around is None:
            parent = state = None
            flags = self._flags.get(_random(ids))
            if flags is None:
                return None
            trace_id = ids.generate_trace_id()
        else:
            parent = around.get_span_context()
            if type(parent) is not SpanContext or not parent.is_valid:
                return None
            trace_id, _, _, parent_flags, state, _ = parent
            flags = self._flags.get((int(parent_flags),))
            if flags is None:
                return None
        span = _new(self._span_class)
        own = span.__dict__
        own.update(fields)
        own["_name"] = name
        own["_kind"] = kind
        own["_parent"] = parent
        own["_context"] = SpanContext(trace_id, ids.generate_span_id(), False, flags, state)
        own["_lock"] = Lock()
        held: Any = _new(BoundedAttributes)
        held.__dict__.update(
            _dict=dict(attributes),
            maxlen=fields["_limits"].max_span_attributes,
            dropped=0,
            max_value_len=None,
            _lock=Lock(),
            _immutable=False,
        )
        own["_attributes"] = held
        own["_events"] = events = _new(self._list_class)
        events.__dict__.update(dropped=0, _dq=deque(maxlen=self._event_limit), _lock=Lock())
        own["_links"] = links = _new(self._list_class)
        links.__dict__.update(dropped=0, _dq=deque(maxlen=self._link_limit), _lock=Lock())
        span.start(start_ns, context)
        return span  # type: ignore[no-any-return]

    def held(self, span: Span) -> dict[str, AttributeValue] | None:
        """The attributes of a span that `start` made, to add one of a known good value; None where they are limited."""
        if self._attribute_limit < SPACIOUS:
            return None
        attributes: dict[str, AttributeValue] = span.__dict__["_attributes"].__dict__["_dict"]
        return attributes

    def learn(self, span: Span, context: Context) -> None:
        """Look at a span that the tracer has just started by itself under ``context``."""
        if type(span) is not self._span_class or not span.is_recording():
            return
        found = span.__dict__
        tracer = self._tracer
        around: Any = context.get(SPAN_KEY)
        if not self._fields or tracer.resource is not self._fields["_resource"]:
            if getattr(found.get("_status"), "status_code", None) is not StatusCode.UNSET:
                return  # a processor has set it already: this one shows nothing
            fields = _fields_of(found, tracer)
            if fields is None:
                self.usable = False
                return
            limit = fields["_limits"].max_span_attributes
            self._attribute_limit = sys.maxsize if limit is None else limit
            self._event_limit = fields["_limits"].max_events
            self._link_limit = fields["_limits"].max_links
            self._fields = fields
        flags = span.get_span_context().trace_flags
        if around is None:
            self._flags[_random(tracer.id_generator)] = flags
            return
        parent = found["_parent"]
        if parent is not None and parent == around.get_span_context():
            self._flags[(int(parent.trace_flags),)] = flags


def _yes() -> bool:
    return True


def _random(ids: Any) -> object:
    """What newer SDKs ask the generator for the flags of a root."""
    asked = getattr(ids, "is_trace_id_random", None)
    return None if asked is None else bool(asked())


def _is_known(tracer: Any) -> bool:
    """Whether ``tracer`` is the SDK's own, with its own code and a sampler that records everything."""
    sdk = sys.modules.get(_SDK)
    sampling = sys.modules.get(f"{_SDK}.sampling")
    util = sys.modules.get("opentelemetry.sdk.util")
    attributes = sys.modules.get("opentelemetry.attributes")
    if sdk is None or sampling is None or util is None or attributes is None:
        return False
    try:
        return (
            type(tracer) is sdk.Tracer
            and "start_span" not in vars(tracer)
            and any(tracer.sampler is getattr(sampling, name) for name in ("ALWAYS_ON", "DEFAULT_ON"))
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
