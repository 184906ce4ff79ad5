"""Waits for objects to become ready, and for their deletion.

The timeout is ten minutes unless the resource or its annotation `pulumi.com/timeoutSeconds` sets another;
`pulumi.com/skipAwait` disables the wait. Custom resources are not awaited unless the annotation `pulumi.com/waitFor`
names a condition.
"""

import time
from collections.abc import Mapping
from typing import Any

from sandbox.providers.interface import ProviderError, Request
from sandbox.providers.kubernetes.api import Api
from sandbox.providers.kubernetes.conditions import CONDITIONS, NeverReady, wait_for
from sandbox.providers.kubernetes.objects import annotation, describe

TIMEOUT = 600.0
FIRST_PAUSE, MAX_PAUSE = 0.05, 1.0
"""Seconds between two polls, at first and at most."""


def timeout(manifest: Mapping[str, Any], requested: float) -> float:
    return requested or float(annotation(manifest, "timeoutSeconds") or TIMEOUT)


def wait(api: Api, manifest: dict[str, Any], request: Request) -> dict[str, Any]:
    """The object once it is ready. Raises ProviderError with its name, what it lacks, and its last warning event."""
    expression = annotation(manifest, "waitFor")
    waits = wait_for(expression) if expression else CONDITIONS.get(manifest["kind"])
    if waits is None or annotation(manifest, "skipAwait") == "true":
        return manifest
    seconds = timeout(manifest, request.timeout)
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        try:
            lacks = waits(manifest, api)
        except NeverReady as error:
            raise ProviderError(
                f"{describe(manifest)} will not become ready: {error}{_warning(api, manifest)}"
            ) from error
        if not lacks:
            return manifest
        if time.monotonic() > until:
            raise ProviderError(
                f"{describe(manifest)} was not ready after {seconds:g} s: {lacks}{_warning(api, manifest)}"
            )
        if request.stopped.wait(pause):
            raise ProviderError(f"interrupted while waiting for {describe(manifest)}")
        pause = min(pause * 1.5, MAX_PAUSE)
        manifest = api.get(manifest) or _gone(manifest)


def wait_gone(api: Api, manifest: dict[str, Any], request: Request) -> None:
    """Returns once the object is gone. Raises ProviderError with the finalizers that may block its deletion."""
    seconds = timeout(manifest, request.timeout)
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while (left := api.get(manifest)) and left["metadata"]["uid"] == manifest["metadata"]["uid"]:
        if time.monotonic() > until:
            holders = ", ".join(left["metadata"].get("finalizers") or []) or "none"
            raise ProviderError(
                f"{describe(manifest)} still exists {seconds:g} s after its deletion; finalizers: {holders}"
            )
        if request.stopped.wait(pause):
            raise ProviderError(f"interrupted while waiting for {describe(manifest)}")
        pause = min(pause * 1.5, MAX_PAUSE)


def _gone(manifest: dict[str, Any]) -> dict[str, Any]:
    raise ProviderError(f"{describe(manifest)} was deleted while waiting for it to become ready")


def _warning(api: Api, manifest: Mapping[str, Any]) -> str:
    """The last warning event of the object or of its children, whose names start with its own."""
    namespace = manifest["metadata"].get("namespace")
    if not namespace:
        return ""
    path, query = f"/api/v1/namespaces/{namespace}/events", {"fieldSelector": "type=Warning"}
    try:
        events = api.call("GET", path, query=query)["items"]
    except ProviderError:
        return ""
    name = manifest["metadata"]["name"]
    mine = [event for event in events if event["involvedObject"].get("name", "").startswith(name)]
    mine.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return f"; last warning: {mine[-1].get('reason')}: {mine[-1].get('message')}" if mine else ""
