"""The API server, asked and followed without a thread."""

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
    """A client for the cluster of a kubeconfig that names a token and an authority, as the embedded cluster's does."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._read = kubeconfig.read_text()
        self._client = _client(self._read)

    async def get(self, path: str, **query: str) -> Object | None:
        """The object or list at `path`; None where there is none."""
        reply = await self._client.get(path, params=query)
        if reply.status_code == 404:
            return None
        return reply.raise_for_status().json()

    async def patch_status(self, path: str, status: Object) -> None:
        """Merges `status` into an object's; one that is gone meanwhile is no error."""
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        reply = await self._client.patch(f"{path}/status", content=json.dumps({"status": status}), headers=headers)
        if reply.status_code != 404:
            reply.raise_for_status()

    async def delete_now(self, path: str, uid: str) -> None:
        """Ends an object's life without waiting for anyone, if it is still the one with this `uid`."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        reply = await self._client.request("DELETE", path, json=body)
        if reply.status_code not in (404, 409):
            reply.raise_for_status()

    async def follow(self, path: str, selector: str) -> AsyncIterator[list[Object] | Object]:
        """First all objects with these labels as a list, then each change as an event (`{"type", "object"}`).

        After an interruption it begins again with a list. It never ends.
        """
        while True:
            try:
                found = await self.get(path, labelSelector=selector)
                assert found is not None
                yield found["items"]
                query = {
                    "watch": "1",
                    "labelSelector": selector,
                    "resourceVersion": found["metadata"]["resourceVersion"],
                }
                async with self._client.stream(
                    "GET", path, params=query, timeout=httpx.Timeout(10, read=None)
                ) as reply:
                    async for line in reply.aiter_lines():
                        event = json.loads(line)
                        if event["type"] == "ERROR":  # too old a resourceVersion, most often
                            break
                        yield event
            except httpx.HTTPError as mistake:
                log.warning("the API server does not answer: %s", mistake)
                await asyncio.sleep(1)
                self._read_again()

    async def close(self) -> None:
        await self._client.aclose()

    def _read_again(self) -> None:
        """The embedded API server may come back on another port."""
        now = self._kubeconfig.read_text()
        if now != self._read:
            # The one before is left to whoever waits for its answers.
            self._client, self._read = _client(now), now


def _client(kubeconfig: str) -> httpx.AsyncClient:
    known = yaml.safe_load(kubeconfig)
    cluster, user = known["clusters"][0]["cluster"], known["users"][0]["user"]
    trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    return httpx.AsyncClient(
        base_url=cluster["server"],
        headers={"Authorization": f"Bearer {user['token']}"},
        verify=trust,
        timeout=10,
        trust_env=False,
    )
