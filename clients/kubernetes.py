"""The Kubernetes API by its paths: objects as plain JSON, and the API server's proxy to a pod's port."""

import json
from collections.abc import Mapping
from typing import Any

from urllib3.exceptions import HTTPError

from clients.errors import ApiUnreachable, KubernetesApiError
from clients.kubeconfig import load
from clients.limits import ReplyTooLarge, collect, time_limit, too_late, within
from settings import json_text

Object = dict[str, Any]
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""The media type of a list without the objects' content."""


class KubernetesApi:
    """The API server of the current context (`KUBECONFIG`, else `~/.kube/config`), or of the cluster that this runs in.

    Every call raises ApiUnreachable where there is no answer, KubernetesApiError where the API server refuses.
    """

    def __init__(
        self,
        kubeconfig: str | None = None,
        context: str | None = None,
    ) -> None:
        """`kubeconfig` is a file to read in place of the usual one, or the content of one, as Pulumi's provider takes
        it; `context` is one of its contexts in place of the current one."""
        self._api = load(kubeconfig, context)
        self._limit = time_limit()
        self._stalled = False
        self.server: str = self._api.url

    def get(self, path: str, **query: str) -> Object:
        """The object or list at `path`. A 404 raises KubernetesApiError as well."""
        return self._object(path, self.text("GET", path, query))

    def find(self, path: str) -> Object | None:
        """The object at `path`; None if it does not exist."""
        try:
            return self.get(path)
        except KubernetesApiError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, labels: Mapping[str, str] | None = None, *, metadata_only: bool = False) -> list[Object]:
        """The objects of the list at `path` that have all of `labels`; with `metadata_only`, no other part of them."""
        query = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())} if labels else {}
        headers = {"Accept": f"{_METADATA_LIST}, application/json"} if metadata_only else {}
        items = self._object(path, self.text("GET", path, query, headers=headers)).get("items") or []
        if not isinstance(items, list) or not all(map(_is_named, items)):
            raise self._unexpected(path, "a list of objects with names")
        return items

    def create(self, path: str, body: Object) -> Object:
        """Creates an object in the collection at `path`, or asks a question that is an object, such as a review."""
        return self._object(path, self.text("POST", path, {}, body, {"Content-Type": "application/json"}))

    def delete(self, path: str) -> None:
        """Deletes the object at `path` after its dependents. A 404 counts as deleted."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}
        try:
            self.text("DELETE", path, {}, options, {"Content-Type": "application/json"})
        except KubernetesApiError as error:
            if error.status != 404:
                raise

    def patch(self, path: str, body: Object) -> Object:
        """Applies a strategic merge patch, as `kubectl debug` does."""
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        return self._object(path, self.text("PATCH", path, {}, body, headers))

    def dry_run_apply(self, path: str, body: Object, manager: str, force: bool) -> None:
        """Server-side apply at `path` by the field manager `manager`, without effect.

        Raises KubernetesApiError where the API server would refuse it: with the status 409 where another manager owns
        a field that would change, unless `force`.
        """
        query = {"dryRun": "All", "fieldManager": manager, "force": str(force).lower()}
        # JSON is valid YAML.
        headers = {"Content-Type": "application/apply-patch+yaml"}
        self.text("PATCH", path, query, json.dumps(body), headers)

    def get_from_pod(self, namespace: str, pod: str, port: int, path: str) -> str:
        """What a pod answers on a port, through the API server's proxy; the pod's own 503 is an answer too."""
        url = f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}"
        return self.text("GET", url, {}, pod_statuses=(503,))

    def text(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | str | None = None,
        headers: Mapping[str, str] | None = None,
        pod_statuses: tuple[int, ...] = (),
    ) -> str:
        """The body of the reply to one call. An error status in `pod_statuses` does not raise if it is a pod's."""
        if self._stalled:
            raise self._unanswered(too_late(self._limit))
        sent = {"Accept": "application/json, */*", **(headers or {})}
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        try:
            status, phrase, content = within(lambda: self._reply(method, path, query, sent, text), self._limit)
        except TimeoutError:
            # It is not asked again: every further question would wait as long.
            self._stalled = True
            raise self._unanswered(too_late(self._limit)) from None
        except (HTTPError, OSError, ReplyTooLarge) as error:
            raise self._unanswered(type(error).__name__) from None
        text = content.decode(errors="replace")
        message = _status_message(text)
        if status < 300 or (status in pod_statuses and message is None):
            return text
        remedy = "grant these credentials the permission (docs/verify.md lists what is read)"
        reason = f"the API server refused {method} {path}: HTTP {status}, {message or phrase}"
        raise KubernetesApiError(status, reason, remedy if status in (401, 403) else "")

    def _reply(
        self, method: str, path: str, query: Mapping[str, str] | None, headers: Mapping[str, str], body: str | None
    ) -> tuple[int, str | None, bytes]:
        """Status, its phrase and body. The timeout, of the connection and of each piece, ends what nothing waits for
        any more."""
        reply = self._api.request(method, path, query, headers=headers, body=body, timeout=2 * self._limit)
        return reply.status, reply.reason, collect(reply.stream())

    def _unanswered(self, reason: str) -> ApiUnreachable:
        remedy = "check the current context: kubectl cluster-info"
        return ApiUnreachable(f"the cluster at {self.server} does not answer: {reason}", remedy)

    def _object(self, path: str, text: str) -> Object:
        try:
            found = json_text.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._unexpected(path, "an object")
        return found

    def _unexpected(self, path: str, expected: str) -> ApiUnreachable:
        reason = (
            f"what answered {path} at {self.server} is not the Kubernetes API: it sent something else than {expected}"
        )
        return ApiUnreachable(reason, "check the current context, and whether a proxy in between asks for a login")


def _is_named(item: Any) -> bool:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def _status_message(text: str) -> str | None:
    """The message of a Status object, which the API server's own errors are and a pod's are not."""
    try:
        body = json_text.loads(text)
    except ValueError:
        return None
    return str(body.get("message", "")) if isinstance(body, dict) and body.get("kind") == "Status" else None
