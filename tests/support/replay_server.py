"""A Cloudflare API that replays recorded replies and records the calls it receives."""

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
class ReplayServer:
    """Answers each call with the next recorded reply to that method and path, else with 404."""

    port: int
    replies: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/client/v4"

    def play(self, recorded: list[dict[str, Any]]) -> None:
        """Replaces the replies by these recorded calls, and forgets the calls received so far."""
        self.replies, self.calls = list(recorded), []

    def answer(self, call: Call) -> dict[str, Any]:
        with self.lock:
            self.calls.append(call)
            matching = [reply for reply in self.replies if (reply["method"], reply["path"]) == (call.method, call.path)]
            same_name = [reply for reply in matching if _name(reply.get("body")) == _name(call.body)]
            reply = next(iter(same_name or matching), None)
            if reply is None:
                errors = [{"code": 7003, "message": "not in the recording"}]
                return {"status": 404, "reply": {"success": False, "errors": errors, "messages": [], "result": None}}
            self.replies.remove(reply)
            return reply


def _name(body: Any) -> Any:
    return body.get("name") if isinstance(body, dict) else None


@contextmanager
def replay_server() -> Iterator[ReplayServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.loads(sent) if sent else None
            reply = api.answer(Call(self.command, self.path, body, self.headers.get("authorization", "")))
            content = json.dumps(reply["reply"]).encode() if reply["reply"] else b""
            self.send_response(reply["status"])
            for header, value in {"content-length": str(len(content)), **reply.get("headers", {})}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def log_message(self, format: str, *args: Any) -> None:
            """Logs nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api = ReplayServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
