"""Values that are reused for a second, so that load on a hostname is not load on the API server."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from sandbox.kubelet.cluster_api import ClusterApi, Object

SECONDS = 1.0
Value = TypeVar("Value")


class Recent:
    """Values by key, each made again once it is a second old."""

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[float, Any]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        if key in self._values and time.monotonic() - self._values[key][0] <= SECONDS:
            return self._values[key][1]
        value = await make()
        now = time.monotonic()
        self._values = {each: made for each, made in self._values.items() if now - made[0] <= SECONDS}
        self._values[key] = (now, value)
        return value


class RecentObjects:
    """Objects of the API server."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._recent = Recent()

    async def get(self, path: str, **query: str) -> Object | None:
        """The object or list at `path`; None where it does not exist."""
        key = (path, *sorted(query.items()))
        return await self._recent.get(key, lambda: self._api.get(path, **query))

    async def items(self, path: str, **query: str) -> list[Object]:
        """The items of a list; none where the cluster does not have the kind."""
        return (await self.get(path, **query) or {}).get("items") or []

    async def pod(self, namespace: str, name: str) -> Object | None:
        return await self.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
