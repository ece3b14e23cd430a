"""A FastAPI shop whose payment service is slow, and the processor that says so.

By hand:       python examples/fastapi_app.py          (then call http://127.0.0.1:8000/checkout, and /insight)
Without code:  OTELWOD_REPORT_AT_EXIT=true opentelemetry-instrument uvicorn --app-dir examples fastapi_app:app

Needs fastapi, uvicorn and opentelemetry-instrumentation-fastapi.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fastapi import FastAPI
from opentelemetry import trace

PAYMENT_S = float(os.environ.get("PAYMENT_S", "0.02"))
"""How slow the payment service is, in seconds."""

app = FastAPI()
tracer = trace.get_tracer("shop")


async def query_stock(item: int) -> None:
    """A quick look into the database."""
    with tracer.start_as_current_span("SELECT stock"):
        await asyncio.sleep(0.001)


async def pay() -> None:
    """A call to somebody else's service."""
    with tracer.start_as_current_span("POST payments"):
        await asyncio.sleep(PAYMENT_S)


@app.get("/checkout")
async def checkout() -> dict[str, str]:
    """Three look-ups at once, then the payment."""
    await asyncio.gather(*(query_stock(item) for item in range(3)))
    await pay()
    return {"status": "paid"}


@app.get("/products")
async def products() -> list[str]:
    """A quick page."""
    await query_stock(0)
    return ["rope", "box", "bar"]


def by_hand() -> FastAPI:
    """The application with the processor added in code: the two lines that matter are marked."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.sdk.trace import TracerProvider

    from otelwod.insight.processor import PerformanceProcessor

    provider = TracerProvider()
    processor = PerformanceProcessor(report_at_exit=True)  # <- this
    provider.add_span_processor(processor)  # <- and this
    trace.set_tracer_provider(provider)
    FastAPIInstrumentor.instrument_app(app, excluded_urls="insight")

    @app.get("/insight")
    def insight() -> dict[str, Any]:
        """Where the time goes, now. (A plain function: FastAPI runs it in a thread.)"""
        return processor.report(span_limit=0).to_dict()

    return app


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(by_hand(), host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning")
