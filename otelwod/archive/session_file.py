"""The session's own file as the place where spans go that a tracker has no room for, and are found again."""

from __future__ import annotations

from otelwod.archive.otlp_json import DecodeCounts, SessionWriter, parse_line
from otelwod.trace import SpanRecord


class SessionFile:
    """Gives a tracker's records to a `SessionWriter`, and reads single ones back (`otelwod.tracking.Overflow`).

    ```python
    file = SessionFile(SessionWriter(path))
    tracker = SessionTracker(..., capacity=10_000, overflow=file, on_record=file.write)
    ```

    Finding a span reads the file from its start: no memory is held, and a lookup takes as long as reading that much.
    """

    def __init__(self, writer: SessionWriter) -> None:
        self._writer = writer
        self._missing: set[str] = set()

    def write(self, record: SpanRecord) -> None:
        """Append a finished record. Raises OSError as files do; `put` then tries again."""
        try:
            self._writer.write((record,))
        except OSError:
            self._missing.add(record.span_id)
            raise

    def put(self, record: SpanRecord) -> None:
        """Take over a record that leaves memory. It is in the file already, unless writing it failed."""
        if record.span_id in self._missing:
            self._writer.write((record,))
            self._missing.discard(record.span_id)

    def get(self, span_id: str) -> SpanRecord | None:
        """The record with this span id; None when the file has none. Raises OSError as files do."""
        path = self._writer.part if self._writer.part.exists() else self._writer.path
        wanted = span_id.encode()
        with path.open("rb") as file:
            for line in file:
                if wanted in line:
                    for record in parse_line(line, DecodeCounts()):
                        if record.span_id == span_id:
                            return record
        return None
