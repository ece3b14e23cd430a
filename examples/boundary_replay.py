"""A task that asks the outside: recorded once, replayed without it. Run: python examples/boundary_replay.py [FILE]"""

import sys
import tempfile
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from otelwod import TaskRun, boundary, run_task
from otelwod.stages.taskrun import UnknownCallError


class Weather(BaseHTTPRequestHandler):
    """The outside: a service that knows two cities, and counts how often it is asked."""

    asked = 0

    def do_GET(self) -> None:
        Weather.asked += 1
        degrees = {"/oslo": 3, "/rome": 21}.get(self.path)
        self.send_response(200 if degrees is not None else 404)
        self.end_headers()
        self.wfile.write(str(degrees).encode())

    def log_message(self, format: str, *args: object) -> None: ...


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own server: no proxy of the environment


@boundary("weather", raises=(urllib.error.HTTPError,))
def ask(address: str, city: str, api_key: str) -> int:
    request = urllib.request.Request(f"{address}/{city}", headers={"Authorization": api_key})  # noqa: S310
    with direct.open(request, timeout=10) as answer:
        return int(answer.read())


def warmest(address: str, cities: list[str]) -> dict[str, object]:
    degrees: dict[str, object] = {}
    for city in cities:
        try:
            degrees[city] = ask(address, city, "hunter2")
        except urllib.error.HTTPError as error:
            degrees[city] = str(error)
    return degrees


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(arguments[0]) if arguments else Path(folder) / "run.json"
        server = HTTPServer(("127.0.0.1", 0), Weather)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            run = run_task(warmest, address, ["oslo", "rome", "atlantis"])
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
        file.write_text(run.to_json(), encoding="utf-8")
        print(f"recorded: {run.output} in {len(run.calls)} calls; asked {Weather.asked} times")
        print(f"the key in the record: {'hunter2' in file.read_text(encoding='utf-8')}")

        # The server is gone. The record answers.
        record = TaskRun.from_json(file.read_bytes())
        again = run_task(warmest, address, ["oslo", "rome", "atlantis"], mode="replay", record=record)
        print(f"replayed: {again.output}; asked {Weather.asked} times; the same: {again.output == run.output}")
        try:
            run_task(warmest, address, ["paris"], mode="replay", record=record)
        except UnknownCallError as error:
            print(f"refused:  {str(error).replace(address, 'http://…')}")


if __name__ == "__main__":
    main(sys.argv[1:])
