"""otelwod: timed work as OpenTelemetry spans, and spans as an answer to where the time went."""

from otelwod._version import __version__

__all__ = ["__version__"]
