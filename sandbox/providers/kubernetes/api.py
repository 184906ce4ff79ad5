"""The Kubernetes API by kind: where objects of a kind live, and the few verbs that a provider needs."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes.client import ApiClient
from kubernetes.config import new_client_from_config
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from sandbox.providers.interface import ProviderError

CREATOR = "pulumi-kubernetes"
"""The field manager of what was created; the first update hands its fields to the resource's own."""

SECONDS = 60
"""The longest that one call may take."""


class Refused(ProviderError):
    """What the API server answered instead: its status code, reason (`AlreadyExists`, `NotFound`, …) and message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class NoSuchKind(ProviderError):
    """The API server serves no such kind."""


@dataclass(frozen=True)
class Place:
    """Where the objects of one kind live."""

    prefix: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        parts = [self.prefix, *(["namespaces", namespace] if self.namespaced else []), self.plural]
        return "/".join([*parts, *([name] if name else [])])


class Api:
    """One API server; safe to share between threads."""

    def __init__(self, kubeconfig: str = "", context: str = "") -> None:
        """`kubeconfig` is a path or the file's content; without it KUBECONFIG says, or the usual place.

        Raises ProviderError where there is none.
        """
        self._client = _client(kubeconfig or os.environ.get("KUBECONFIG", ""), context)
        self._places: dict[tuple[str, str], Place] = {}

    def place(self, version: str, kind: str) -> Place:
        """Asks the API server about a group once, and again where it did not know the kind. Raises NoSuchKind."""
        if (version, kind) not in self._places:
            prefix = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            try:
                served = self.call("GET", prefix)["resources"]
            except Refused as refused:
                if refused.status != 404:
                    raise
                served = []
            for one in served:
                if "/" not in one["name"]:
                    self._places[version, one["kind"]] = Place(prefix, one["name"], one["namespaced"])
        try:
            return self._places[version, kind]
        except KeyError:
            raise NoSuchKind(
                f"the Kubernetes API server serves no {version}/{kind}: create its CustomResourceDefinition first"
            ) from None

    def serves(self, thing: dict[str, Any]) -> bool:
        try:
            self.place(thing["apiVersion"], thing["kind"])
        except NoSuchKind:
            return False
        return True

    def get(self, thing: dict[str, Any]) -> dict[str, Any] | None:
        """The object as it is now; None where there is none."""
        try:
            return self.call("GET", self._path(thing))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def create(self, thing: dict[str, Any], preview: bool) -> dict[str, Any]:
        query = {"fieldManager": CREATOR, "fieldValidation": "Strict"}
        return self.call("POST", self._path(thing, collection=True), thing, _dry(query, preview))

    def apply(self, thing: dict[str, Any], manager: str, force: bool, preview: bool) -> dict[str, Any]:
        """Server-side apply. A field that another manager set differently is a conflict, unless `force`."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        return self.call("PATCH", self._path(thing), thing, _dry(query, preview), "application/apply-patch+yaml")

    def merge(self, thing: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
        return self.call("PATCH", self._path(thing), change, media="application/merge-patch+json")

    def delete(self, thing: dict[str, Any], propagation: str) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        self.call("DELETE", self._path(thing), options)

    def _path(self, thing: dict[str, Any], collection: bool = False) -> str:
        metadata = thing["metadata"]
        place = self.place(thing["apiVersion"], thing["kind"])
        return place.path(metadata.get("namespace") or "default", "" if collection else metadata["name"])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        media: str = "application/json",
    ) -> Any:
        """The reply's JSON. Raises Refused, and ProviderError where no API server answers."""
        headers = {"Accept": "application/json", "Content-Type": media}
        # The client writes JSON itself, and YAML (of which JSON is a part) not.
        content = json.dumps(body) if media.endswith("yaml") else body
        made = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=content,
            auth_settings=["BearerToken"],
        )
        try:
            reply = self._client.call_api(*made, _request_timeout=SECONDS)
            answered = reply.read()
        except (HTTPError, OSError) as error:
            raise ProviderError(f"the Kubernetes API server does not answer: {error}") from error
        if reply.status < 400:
            return json.loads(answered)
        try:
            told = json.loads(answered)
        except ValueError:
            told = {}  # an unknown path is answered in plain text
        message = told.get("message") or f"{method} {path}: {reply.status} {reply.reason}"
        raise Refused(reply.status, told.get("reason", ""), message)


def _dry(query: dict[str, str], preview: bool) -> dict[str, str]:
    return {**query, "dryRun": "All"} if preview else query


def _client(kubeconfig: str, context: str) -> ApiClient:
    content = "\n" in kubeconfig
    try:
        if content:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "kubeconfig"
                file.touch(mode=0o600)
                file.write_text(kubeconfig)
                client = new_client_from_config(str(file), context or None)
        else:
            client = new_client_from_config(kubeconfig or None, context or None)
    except (ConfigException, OSError) as error:
        raise ProviderError(
            f"no usable kubeconfig ({'given by content' if content else kubeconfig}): {error}"
        ) from error
    client.rest_client.pool_manager.connection_pool_kw["maxsize"] = 128
    return client
