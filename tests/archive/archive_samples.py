"""One small trace of our own, in every format that is read."""

from __future__ import annotations

import json
from typing import Any

from otelwod.trace import SpanEvent, SpanLink, SpanRecord

TRACE = "0af7651916cd43dd8448eb211c80319c"
T0 = 1_700_000_000_000_000
"""Microseconds."""

RECORDS = [
    SpanRecord(
        TRACE, "b7ad6b7169203331", None, "GET /cart", T0 * 1000, (T0 + 1000) * 1000,
        kind="server", attributes={"http.route": "/cart", "retries": 2, "ratio": 0.5, "hit": True},
        resource={"service.name": "shop", "host.name": "a"}, scope="web", scope_version="1.2",
    ),
    SpanRecord(
        TRACE, "00f067aa0ba902b7", "b7ad6b7169203331", "load", (T0 + 100) * 1000, (T0 + 400) * 1000,
        kind="client", status="error", status_message="no answer",
        events=(SpanEvent("retry", (T0 + 200) * 1000, {"attempt": 1}),),
        links=(SpanLink("11" * 16, "22" * 8),),
        resource={"service.name": "shop", "host.name": "a"}, scope="web", scope_version="1.2",
    ),
    SpanRecord(
        TRACE, "53995c3f42cd8ad8", "00f067aa0ba902b7", "SELECT", (T0 + 150) * 1000, (T0 + 350) * 1000,
        kind="server", status="ok", resource={"service.name": "db"},
    ),
]  # fmt: skip


def jaeger_span(span_id: str, parent: str | None, name: str, start: int, length: int, **more: Any) -> dict[str, Any]:
    references = [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": parent}] if parent else []
    span = {
        "traceID": TRACE, "spanID": span_id, "operationName": name, "references": references,
        "startTime": T0 + start, "duration": length, "tags": [], "logs": [], "processID": "p1", "warnings": None,
    }  # fmt: skip
    return {**span, **more}


def tag(key: str, value: object, kind: str = "string") -> dict[str, object]:
    return {"key": key, "type": kind, "value": value}


def jaeger() -> dict[str, Any]:
    scope = [tag("otel.scope.name", "web"), tag("otel.scope.version", "1.2")]
    return {
        "data": [
            {
                "traceID": TRACE,
                "spans": [
                    jaeger_span(
                        "b7ad6b7169203331", None, "GET /cart", 0, 1000,
                        tags=[
                            tag("span.kind", "server"), tag("http.route", "/cart"), tag("retries", 2, "int64"),
                            tag("ratio", 0.5, "float64"), tag("hit", True, "bool"), *scope,
                        ],
                    ),
                    jaeger_span(
                        "00f067aa0ba902b7", "b7ad6b7169203331", "load", 100, 300,
                        tags=[
                            tag("span.kind", "client"), tag("otel.status_code", "ERROR"), tag("error", True, "bool"),
                            tag("otel.status_description", "no answer"), *scope,
                        ],
                        logs=[{"timestamp": T0 + 200, "fields": [tag("event", "retry"), tag("attempt", 1, "int64")]}],
                        references=[
                            {"refType": "CHILD_OF", "traceID": TRACE, "spanID": "b7ad6b7169203331"},
                            {"refType": "CHILD_OF", "traceID": "11" * 16, "spanID": "22" * 8},
                        ],
                    ),
                    jaeger_span(
                        "53995c3f42cd8ad8", "00f067aa0ba902b7", "SELECT", 150, 200, processID="p2",
                        tags=[tag("span.kind", "server"), tag("otel.status_code", "OK")],
                    ),
                ],
                "processes": {
                    "p1": {"serviceName": "shop", "tags": [tag("host.name", "a")]},
                    "p2": {"serviceName": "db", "tags": []},
                },
            }
        ],
        "total": 0, "limit": 0, "offset": 0, "errors": None,
    }  # fmt: skip


def zipkin() -> list[dict[str, Any]]:
    return [
        {
            "traceId": TRACE, "id": "b7ad6b7169203331", "name": "get /cart", "kind": "SERVER", "timestamp": T0,
            "duration": 1000, "localEndpoint": {"serviceName": "shop", "ipv4": "10.0.0.1", "port": 80},
            "tags": {"http.route": "/cart"},
        },
        {
            "traceId": TRACE, "id": "00f067aa0ba902b7", "parentId": "b7ad6b7169203331", "name": "load",
            "kind": "CLIENT", "timestamp": T0 + 100, "duration": 300, "localEndpoint": {"serviceName": "shop"},
            "remoteEndpoint": {"serviceName": "db"}, "tags": {"error": "no answer"},
            "annotations": [{"timestamp": T0 + 200, "value": "retry"}],
        },
        {
            "traceId": TRACE, "id": "00f067aa0ba902b7", "parentId": "b7ad6b7169203331", "name": "select",
            "kind": "SERVER", "shared": True, "timestamp": T0 + 150, "duration": 200,
            "localEndpoint": {"serviceName": "db", "ipv6": "::1"},
        },
        {
            "traceId": TRACE, "id": "7ad6b71692033312", "parentId": "00f067aa0ba902b7", "name": "disk",
            "timestamp": T0 + 160, "duration": 100, "localEndpoint": {"serviceName": "db"},
        },
    ]  # fmt: skip


def to_bytes(value: object) -> bytes:
    return json.dumps(value).encode()
