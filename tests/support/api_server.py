"""A fake Kubernetes API server: objects by kind, aggregated APIs, and credentials limited to some namespaces."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

Body = dict[str, Any]
ENGINE = [{"manager": "pulumi-kubernetes-1a2b3c4d", "operation": "Apply"}]
"""The field manager of objects that the engine created."""


@dataclass
class FakeApiServer:
    """`kinds` maps API versions to their kinds, each `(kind, plural, namespaced)`."""

    kinds: dict[str, list[tuple[str, str, bool]]] = field(default_factory=dict)
    objects: list[tuple[str, str, Body]] = field(default_factory=list)
    """Each with its API version and plural."""
    readable: set[str] | None = None
    """Namespaces that the credentials may read; None for the whole cluster."""
    refused: dict[str, int] = field(default_factory=dict)
    """Plurals, or API versions, whose every request has this status."""
    deleted: list[str] = field(default_factory=list)
    """Paths of deleted objects."""
    denied: set[tuple[str, str]] | None = None
    """Verbs and plurals that the credentials may not use; None for an administrator's."""

    def add(self, version: str, kind: str, name: str, namespace: str | None = "blog", **metadata: Any) -> None:
        """Adds an object, and its kind."""
        plural = f"{kind.lower().removesuffix('y')}ies" if kind.endswith("y") else f"{kind.lower()}s"
        if (kind, plural, namespace is not None) not in self.kinds.setdefault(version, []):
            self.kinds[version].append((kind, plural, namespace is not None))
        within = {"namespace": namespace} if namespace else {}
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **within, "uid": name, **metadata}}
        self.objects.append((version, plural, body))

    def reply(self, method: str, path: str, query: dict[str, str]) -> tuple[int, Body]:
        if path == "/version":
            return 200, {"gitVersion": "v1.36.3"}
        if path == "/apis":
            versions = [{"preferredVersion": {"groupVersion": each}} for each in self.kinds if "/" in each]
            return 200, {"groups": versions}
        parts = path.strip("/").split("/")[1:]
        count = 1 if path.startswith("/api/") else 2
        version, rest = "/".join(parts[:count]), parts[count:]
        if version in self.refused:
            return self.refused[version], {}
        if not rest:
            return self._discovery(version)
        namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 2 else None
        plural, *name = rest[2:] if namespace else rest
        if plural in self.refused:
            return self.refused[plural], {}
        if self.readable is not None and namespace not in self.readable:
            return 403, {"kind": "Status", "message": "forbidden"}
        if plural not in [each[1] for each in self.kinds.get(version, [])]:
            return 404, {}
        wanted = dict(each.split("=") for each in query.get("labelSelector", "").split(",") if each)
        found = [
            body
            for one, of_kind, body in self.objects
            if (one, of_kind) == (version, plural)
            and namespace in (None, body["metadata"].get("namespace"))
            and wanted.items() <= body["metadata"].get("labels", {}).items()
            and name in ([], [body["metadata"]["name"]])
        ]
        if method == "DELETE":
            self.deleted.append(path)
        if name:
            return (200, found[0]) if found else (404, {})
        return 200, {"items": found}

    def review(self, path: str, body: Body) -> tuple[int, Body]:
        """The answer to a question about the caller: who it is, or what it may do."""
        if path.endswith("/selfsubjectreviews"):
            return 201, {"status": {"userInfo": {"username": "ann", "groups": ["system:authenticated"]}}}
        wanted = body["spec"]["resourceAttributes"]
        denied = self.denied or set()
        allowed = self.denied is None or (wanted["verb"] != "*" and (wanted["verb"], wanted["resource"]) not in denied)
        return 201, {"status": {"allowed": allowed}}

    def _discovery(self, version: str) -> tuple[int, Body]:
        if version not in self.kinds:
            return 404, {}
        verbs = ["get", "list", "delete"]
        served = [
            {"name": plural, "kind": kind, "namespaced": namespaced, "verbs": verbs}
            for kind, plural, namespaced in self.kinds[version]
        ]
        return 200, {"resources": served}


@contextmanager
def serve(fake: FakeApiServer, folder: Path) -> Iterator[str]:
    """Serves it on a loopback port; the value is the path of a kubeconfig for it."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = urlsplit(self.path)
            if self.command == "POST":
                status, body = fake.review(url.path, json.loads(sent))
            else:
                status, body = fake.reply(self.command, url.path, dict(parse_qsl(url.query)))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002 - the names of http.server
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    named = {"clusters": "cluster", "users": "user", "contexts": "context"}
    values: dict[str, Body] = {
        "clusters": {"server": f"http://127.0.0.1:{server.server_address[1]}"},
        "users": {},
        "contexts": {"cluster": "here", "user": "here"},
    }
    config: Body = {many: [{"name": "here", one: values[many]}] for many, one in named.items()}
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump({**config, "current-context": "here"}))
    try:
        yield str(kubeconfig)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
