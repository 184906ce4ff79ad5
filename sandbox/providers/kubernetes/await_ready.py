"""Waiting for objects to become ready, and to be gone.

Ten minutes, unless the resource or its annotation `pulumi.com/timeoutSeconds` says otherwise; `pulumi.com/skipAwait`
waits for nothing. A custom resource is waited for where its annotation `pulumi.com/waitFor` says what for.
"""

import time
from collections.abc import Mapping
from typing import Any

from sandbox.providers.interface import ProviderError, Request
from sandbox.providers.kubernetes.api import Api
from sandbox.providers.kubernetes.conditions import CONDITIONS, Hopeless, asked
from sandbox.providers.kubernetes.objects import annotation, shown

SECONDS = 600.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two looks, at first and at most."""


def timeout(thing: Mapping[str, Any], asked: float) -> float:
    return asked or float(annotation(thing, "timeoutSeconds") or SECONDS)


def wait(api: Api, thing: dict[str, Any], request: Request) -> dict[str, Any]:
    """The object when it is ready. Raises ProviderError that names it, what it waits for, and the last warning about
    it."""
    expression = annotation(thing, "waitFor")
    waits = asked(expression) if expression else CONDITIONS.get(thing["kind"])
    if waits is None or annotation(thing, "skipAwait") == "true":
        return thing
    seconds = timeout(thing, request.timeout)
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        try:
            lacks = waits(thing, api)
        except Hopeless as hopeless:
            raise ProviderError(f"{shown(thing)} will not become ready: {hopeless}{_warning(api, thing)}") from hopeless
        if not lacks:
            return thing
        if time.monotonic() > until:
            raise ProviderError(f"{shown(thing)} was not ready after {seconds:g} s: {lacks}{_warning(api, thing)}")
        if request.stopped.wait(pause):
            raise ProviderError(f"interrupted while waiting for {shown(thing)}")
        pause = min(pause * 1.5, LONGEST_PAUSE)
        thing = api.get(thing) or _gone(thing)


def wait_gone(api: Api, thing: dict[str, Any], request: Request) -> None:
    """Returns when the object is no more. Raises ProviderError that names what may hold it."""
    seconds = timeout(thing, request.timeout)
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while (left := api.get(thing)) and left["metadata"]["uid"] == thing["metadata"]["uid"]:
        if time.monotonic() > until:
            holders = ", ".join(left["metadata"].get("finalizers") or []) or "none"
            raise ProviderError(
                f"{shown(thing)} was still there {seconds:g} s after its deletion; finalizers: {holders}"
            )
        if request.stopped.wait(pause):
            raise ProviderError(f"interrupted while waiting for {shown(thing)}")
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _gone(thing: dict[str, Any]) -> dict[str, Any]:
    raise ProviderError(f"{shown(thing)} was deleted while it was waited for")


def _warning(api: Api, thing: Mapping[str, Any]) -> str:
    """The last warning about the object or what it made, which bears its name as a prefix."""
    namespace = thing["metadata"].get("namespace")
    if not namespace:
        return ""
    path, query = f"/api/v1/namespaces/{namespace}/events", {"fieldSelector": "type=Warning"}
    try:
        events = api.call("GET", path, query=query)["items"]
    except ProviderError:
        return ""
    name = thing["metadata"]["name"]
    mine = [event for event in events if event["involvedObject"].get("name", "").startswith(name)]
    mine.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return f"; last warning: {mine[-1].get('reason')}: {mine[-1].get('message')}" if mine else ""
