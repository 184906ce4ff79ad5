"""A Kubernetes API server with a few objects, on a loopback port."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Object = dict[str, Any]


@dataclass
class KubernetesServer:
    """`objects` are by path; a text is served as it is, a number is the HTTP status of a refusal. `requests` are the
    paths that were read."""

    objects: Mapping[str, Object | str | int]
    port: int = 0
    requests: list[str] = field(default_factory=list)

    def kubeconfig(self, context: str = "here") -> str:
        """The content of a kubeconfig whose current context is another one, where no server answers."""
        clusters = {"here": f"http://127.0.0.1:{self.port}", "elsewhere": "http://127.0.0.1:9"}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": context,
                "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name in clusters],
                "clusters": [{"name": name, "cluster": {"server": url}} for name, url in clusters.items()],
                "users": [{"name": "me", "user": {}}],
            }
        )


@contextmanager
def kubernetes_server(objects: Mapping[str, Object | str | int]) -> Iterator[KubernetesServer]:
    """Serves the objects until the end of the block."""
    cluster = KubernetesServer(objects)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            cluster.requests.append(self.path)
            found = cluster.objects.get(self.path, 404)
            status, body = (found, _refusal(found)) if isinstance(found, int) else (200, found)
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _refusal(status: int) -> Object:
    return {"kind": "Status", "message": "not found" if status == 404 else "services is forbidden", "code": status}
