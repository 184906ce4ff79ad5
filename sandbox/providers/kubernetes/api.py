"""Kubernetes API client by kind: the endpoint of each kind, and the verbs a provider needs."""

import json
from dataclasses import dataclass
from typing import Any

from urllib3.exceptions import HTTPError

from clients.errors import ApiUnreachable
from clients.kubeconfig import load
from sandbox.providers.interface import ProviderError

CREATOR = "pulumi-kubernetes"
"""Field manager of created objects; the first update transfers its fields to the resource's own manager."""

CALL_TIMEOUT = 60
"""Seconds."""


class KubernetesStatusError(ProviderError):
    """An error reply of the API server: its status code, reason (`AlreadyExists`, `NotFound`, …) and message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class UnknownKind(ProviderError):
    """A kind the API server does not serve."""


@dataclass(frozen=True)
class Endpoint:
    """Where the API server serves the objects of one kind."""

    prefix: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        parts = [self.prefix, *(["namespaces", namespace] if self.namespaced else []), self.plural]
        return "/".join([*parts, *([name] if name else [])])


class Api:
    """One API server; safe to share between threads."""

    def __init__(self, kubeconfig: str = "", context: str = "") -> None:
        """`kubeconfig` is a path or the file's content; the default is KUBECONFIG, or else the usual path.

        Raises ProviderError if there is none.
        """
        try:
            # A connection for each resource that the engine registers at a time.
            self._server = load(kubeconfig or None, context or None, connections=128)
        except ApiUnreachable as error:
            raise ProviderError(error.reason) from error
        self._endpoints: dict[tuple[str, str], Endpoint] = {}

    def endpoint(self, version: str, kind: str) -> Endpoint:
        """Reads a group's kinds once, and again for a kind that was not among them. Raises UnknownKind."""
        if (version, kind) not in self._endpoints:
            prefix = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            try:
                served = self.call("GET", prefix)["resources"]
            except KubernetesStatusError as error:
                if error.status != 404:
                    raise
                served = []
            for one in served:
                if "/" not in one["name"]:
                    self._endpoints[version, one["kind"]] = Endpoint(prefix, one["name"], one["namespaced"])
        try:
            return self._endpoints[version, kind]
        except KeyError:
            raise UnknownKind(
                f"the Kubernetes API server does not serve {version}/{kind}: create its CustomResourceDefinition first"
            ) from None

    def is_served(self, manifest: dict[str, Any]) -> bool:
        try:
            self.endpoint(manifest["apiVersion"], manifest["kind"])
        except UnknownKind:
            return False
        return True

    def get(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        """The current object; None if there is none."""
        try:
            return self.call("GET", self._path(manifest))
        except KubernetesStatusError as error:
            if error.status == 404:
                return None
            raise

    def create(self, manifest: dict[str, Any], preview: bool) -> dict[str, Any]:
        query = {"fieldManager": CREATOR, "fieldValidation": "Strict"}
        return self.call("POST", self._path(manifest, collection=True), manifest, _dry(query, preview))

    def apply(self, manifest: dict[str, Any], manager: str, force: bool, preview: bool) -> dict[str, Any]:
        """Server-side apply. A field that another manager set to another value is a conflict, unless `force`."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        return self.call("PATCH", self._path(manifest), manifest, _dry(query, preview), "application/apply-patch+yaml")

    def merge(self, manifest: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
        return self.call("PATCH", self._path(manifest), change, media="application/merge-patch+json")

    def delete(self, manifest: dict[str, Any], propagation: str) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        self.call("DELETE", self._path(manifest), options)

    def _path(self, manifest: dict[str, Any], collection: bool = False) -> str:
        metadata = manifest["metadata"]
        place = self.endpoint(manifest["apiVersion"], manifest["kind"])
        return place.path(metadata.get("namespace") or "default", "" if collection else metadata["name"])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        media: str = "application/json",
    ) -> Any:
        """The reply's JSON. Raises KubernetesStatusError, and ProviderError if the API server does not answer."""
        headers = {"Accept": "application/json", "Content-Type": media}
        # JSON is valid YAML, except for its escapes of surrogate pairs.
        content = None if body is None else json.dumps(body, ensure_ascii=False)
        try:
            reply = self._server.request(method, path, query, headers=headers, body=content, timeout=CALL_TIMEOUT)
            answered = reply.data
        except (HTTPError, OSError, ApiUnreachable) as error:
            raise ProviderError(f"the Kubernetes API server does not answer: {error}") from error
        if reply.status < 400:
            return json.loads(answered)
        try:
            status = json.loads(answered)
        except ValueError:
            status = {}  # the reply to an unknown path is plain text
        message = status.get("message") or f"{method} {path}: {reply.status} {reply.reason}"
        raise KubernetesStatusError(reply.status, status.get("reason", ""), message)


def _dry(query: dict[str, str], preview: bool) -> dict[str, str]:
    return {**query, "dryRun": "All"} if preview else query
