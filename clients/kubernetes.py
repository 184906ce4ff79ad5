"""The Kubernetes API: read, and asked to pass a question on to a pod."""

import json
import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from ops.verify.result import Unread

Object = dict[str, Any]
_TIMEOUT = 30


class Refused(Unread):
    """The API server answered, with an error; `status` is HTTP's."""

    def __init__(self, status: int, why: str, remedy: str = "") -> None:
        super().__init__(why, remedy)
        self.status = status


class Cluster:
    """The cluster of the current context (`KUBECONFIG`, else `~/.kube/config`), or the one that this runs in.

    Every call raises Unread where there is no answer to judge by.
    """

    def __init__(self, kubeconfig: str | None = None) -> None:
        """`kubeconfig` is the file of another one."""
        settings = client.Configuration()
        try:
            # By name: the library looks at the variable once, when it is imported.
            config.load_kube_config(kubeconfig or os.environ.get("KUBECONFIG") or None, client_configuration=settings)
        except (ConfigException, OSError, YAMLError):
            _from_inside(settings)
        if urllib.parse.urlsplit(settings.host).hostname in ("127.0.0.1", "localhost", "::1"):
            settings.proxy = None
        settings.retries = 0
        self._api = client.ApiClient(settings)
        self.server: str = settings.host

    def get(self, path: str, **query: str) -> Object:
        """The object or list at `path`. Raises Refused where the API server refuses, 404 among it."""
        return json.loads(self.text("GET", path, query))

    def find(self, path: str) -> Object | None:
        """The object at `path`, None where there is none."""
        try:
            return self.get(path)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def items(self, path: str, labels: Mapping[str, str] | None = None) -> list[Object]:
        """The objects of the list at `path`, those with all of `labels`."""
        query = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())} if labels else {}
        return self.get(path, **query).get("items") or []

    def delete(self, path: str) -> None:
        """Deletes the object at `path` with what hangs on it. One that is not there any more is no error."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}
        try:
            self.text("DELETE", path, {}, options, {"Content-Type": "application/json"})
        except Refused as refusal:
            if refusal.status != 404:
                raise

    def patch(self, path: str, body: Object) -> Object:
        """Merges strategically, as `kubectl debug` does."""
        kind = {"Content-Type": "application/strategic-merge-patch+json"}
        return json.loads(self.text("PATCH", path, {}, body, kind))

    def ask_pod(self, namespace: str, pod: str, port: int, path: str) -> str:
        """What a pod answers, through the API server; a status of its own is an answer too."""
        return self.text("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}", {}, answers=(503,))

    def text(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        headers: Mapping[str, str] | None = None,
        answers: tuple[int, ...] = (),
    ) -> str:
        """The body of the answer to one call; statuses of errors that are `answers` do not raise."""
        request = self._api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Accept": "application/json, */*", **(headers or {})},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            reply = self._api.call_api(*request, _request_timeout=_TIMEOUT)
            content = reply.read() or b""
        except ApiException as error:  # where an exec plugin or the client itself gives up
            raise Unread(f"the cluster at {self.server} cannot be asked: {error.reason}") from None
        except (HTTPError, OSError) as error:
            why = f"the cluster at {self.server} does not answer: {type(error).__name__}"
            raise Unread(why, "check the current context: kubectl cluster-info") from None
        text = content.decode(errors="replace")
        said = _said(text)
        if reply.status < 300 or (reply.status in answers and said is None):
            return text
        remedy = "give these credentials the right to it (docs/verify.md lists what is read)"
        why = f"the API server refused {method} {path}: HTTP {reply.status}, {said or reply.reason}"
        raise Refused(reply.status, why, remedy if reply.status in (401, 403) else "")


def _from_inside(settings: client.Configuration) -> None:
    try:
        config.load_incluster_config(client_configuration=settings)
    except ConfigException:
        raise Unread("there is no cluster to ask: no kubeconfig that names one", "point KUBECONFIG at one") from None


def _said(text: str) -> str | None:
    """The message of a Status object, by which the API server's own errors differ from a pod's."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return str(body.get("message", "")) if isinstance(body, dict) and body.get("kind") == "Status" else None
