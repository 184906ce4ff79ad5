"""An API that answers as it did when the official plugin was recorded, and keeps what it is asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    body: Any
    authorization: str = ""


@dataclass
class Recorded:
    """Answers each call with the next recorded one of that method and path, else with 404."""

    port: int
    answers: list[dict[str, Any]] = field(default_factory=list)
    made: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/client/v4"

    def play(self, calls: list[dict[str, Any]]) -> None:
        """From here on these calls are expected; what was asked before is forgotten."""
        self.answers, self.made = list(calls), []

    def answer(self, call: Call) -> dict[str, Any]:
        with self.lock:
            self.made.append(call)
            fitting = [one for one in self.answers if (one["method"], one["path"]) == (call.method, call.path)]
            same_name = [one for one in fitting if name(one.get("body")) == name(call.body)]
            found = next(iter(same_name or fitting), None)
            if found is None:
                errors = [{"code": 7003, "message": "not in the recording"}]
                return {"status": 404, "reply": {"success": False, "errors": errors, "messages": [], "result": None}}
            self.answers.remove(found)
            return found


def name(body: Any) -> Any:
    return body.get("name") if isinstance(body, dict) else None


@contextmanager
def recorded() -> Iterator[Recorded]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.loads(sent) if sent else None
            answer = api.answer(Call(self.command, self.path, body, self.headers.get("authorization", "")))
            content = json.dumps(answer["reply"]).encode() if answer["reply"] else b""
            self.send_response(answer["status"])
            for header, value in {"content-length": str(len(content)), **answer.get("headers", {})}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def log_message(self, format: str, *args: Any) -> None:
            """Stays silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = Recorded(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
