"""An asynchronous client of the cluster's API server."""

import asyncio
import base64
import json
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import yaml

Object = dict[str, Any]
log = logging.getLogger(__name__)


class ClusterApi:
    """A client for a kubeconfig that contains a token and a certificate authority, as the embedded cluster's does."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._content = kubeconfig.read_text()
        self._client = _client(self._content)

    async def get(self, path: str, **query: str) -> Object | None:
        """The object or list at `path`; None where it does not exist."""
        response = await self._client.get(path, params=query)
        if response.status_code == 404:
            return None
        return response.raise_for_status().json()

    async def patch_status(self, path: str, status: Object) -> None:
        """Merges `status` into an object's status; does nothing where the object no longer exists."""
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        response = await self._client.patch(f"{path}/status", content=json.dumps({"status": status}), headers=headers)
        if response.status_code != 404:
            response.raise_for_status()

    async def delete_now(self, path: str, uid: str) -> None:
        """Deletes an object without a grace period, if it still is the one with this `uid`."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        response = await self._client.request("DELETE", path, json=body)
        if response.status_code not in (404, 409):
            response.raise_for_status()

    async def watch(self, path: str, selector: str) -> AsyncIterator[list[Object] | Object]:
        """First all objects with these labels as a list, then each change as an event (`{"type", "object"}`).

        It never ends: after an interruption it begins again with a list.
        """
        while True:
            try:
                current = await self.get(path, labelSelector=selector)
                assert current is not None
                yield current["items"]
                query = {
                    "watch": "1",
                    "labelSelector": selector,
                    "resourceVersion": current["metadata"]["resourceVersion"],
                }
                timeout = httpx.Timeout(10, read=None)
                async with self._client.stream("GET", path, params=query, timeout=timeout) as response:
                    async for line in response.aiter_lines():
                        event = json.loads(line)
                        if event["type"] == "ERROR":  # most often a resourceVersion that is too old
                            break
                        yield event
            except httpx.HTTPError as error:
                log.warning("the API server does not respond: %s", error)
                await asyncio.sleep(1)
                self._reload()

    async def close(self) -> None:
        await self._client.aclose()

    def _reload(self) -> None:
        """Follows the embedded API server to another port, which it may have after a restart."""
        content = self._kubeconfig.read_text()
        if content != self._content:
            # The previous client stays open: others may still await its responses.
            self._client, self._content = _client(content), content


def _client(kubeconfig: str) -> httpx.AsyncClient:
    config = yaml.safe_load(kubeconfig)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    return httpx.AsyncClient(
        base_url=cluster["server"],
        headers={"Authorization": f"Bearer {user['token']}"},
        verify=ssl.create_default_context(cadata=authority),
        timeout=10,
        trust_env=False,
    )
