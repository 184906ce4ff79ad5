"""The client of the emulated API's admin endpoints, `/sandbox/…`."""

import contextlib
import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.directory import SandboxDirectory
from sandbox.errors import SandboxError
from sandbox.services.servers import Servers, other_version


@dataclass(frozen=True)
class CallCount:
    """The number of API calls that read, and of those that write."""

    reads: int
    writes: int

    @classmethod
    def of(cls, calls: Sequence[dict[str, Any]]) -> "CallCount":
        reads = sum(call["method"] == "GET" for call in calls)
        return cls(reads, len(calls) - reads)

    def __str__(self) -> str:
        return ", ".join(
            f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((self.reads, "read"), (self.writes, "write"))
        )


class AdminApi:
    """Calls the admin endpoints. Raises `SandboxError` if the sandbox does not run, or rejects a call."""

    def __init__(self, directory: SandboxDirectory, servers: Servers) -> None:
        self._directory = directory
        self._servers = servers

    def url(self) -> str:
        """The address of the emulated API, `http://127.0.0.1:8080/`; its dashboard is there too."""
        return f"http://127.0.0.1:{self._servers.port('cloudflare', 'port')}/"

    def seed(self, objects: dict[str, list[dict[str, Any]]]) -> None:
        """Creates the objects that do not exist, by kind (`zones`, `tunnels`, …)."""
        self._call("POST", "seed", objects)

    def calls(self, since: int = 0) -> tuple[int, list[dict[str, Any]]]:
        """The current mark, and the API calls after the mark `since`, each `{"method", "path", "status", …}`."""
        reply = self._call("GET", f"calls?since={since}", expected=("mark", "calls"))
        return reply["mark"], reply["calls"]

    def create_token(self) -> str:
        """A new API token with exactly the permissions that the README lists."""
        body = {"name": "culvert", "permissions": None}
        return self._call("POST", "tokens", body, expected=("value",))["value"]

    def _call(self, method: str, path: str, body: object = None, expected: tuple[str, ...] = ()) -> Any:
        """The reply, an object with the `expected` keys."""
        if not self._servers.running("cloudflare"):
            raise SandboxError(
                "the sandbox is not running; start it with: python -m sandbox up",
                key="sandbox",
                value="stopped",
                accepted="a running sandbox",
            )
        try:
            status, text = self._reply(method, f"/sandbox/{path}", body)
        except (http.client.HTTPException, OSError) as error:
            raise SandboxError(
                f"the emulated Cloudflare API does not answer ({str(error) or type(error).__name__}). Its log is "
                f"{self._directory.path / 'logs' / 'cloudflare.log'}; start it again with: python -m sandbox down, "
                f"then python -m sandbox up",
                key="sandbox",
                accepted="a running sandbox",
            ) from None
        if status == 404:
            raise other_version("cloudflare", f"it does not know /sandbox/{path.partition('?')[0]}")
        if status >= 400:
            raise SandboxError(f"the emulated Cloudflare API rejected {method} /sandbox/{path}: {text}")
        answer = json.loads(text)
        if missing := [key for key in expected if key not in answer]:
            raise other_version("cloudflare", f"its reply to /sandbox/{path.partition('?')[0]} has no {missing[0]!r}")
        return answer

    def _reply(self, method: str, path: str, body: object) -> tuple[int, str]:
        """Status and text. By a client that takes no time to import: each command makes such calls."""
        headers = {"Authorization": f"Bearer {self._directory.secret('admin')}", "Content-Type": "application/json"}
        port = self._servers.port("cloudflare", "port")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
