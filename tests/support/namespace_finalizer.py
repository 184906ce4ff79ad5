"""A finalizer of namespaces that does not wait five seconds first, as kube-controller-manager does.

The wait is for API servers that lag behind each other (`namespaceDeletionGracePeriod` in its
pkg/controller/namespace/namespace_controller.go). A sandbox has one server, and no test is about the wait. What happens
instead is what the controller does: delete everything in the namespace, then remove its finalizer.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config, dynamic
from kubernetes.dynamic.exceptions import DynamicApiError
from kubernetes.dynamic.resource import ResourceList

PAUSE = 0.2
"""Seconds between two lists of the namespaces."""
# A server that is stopped or starting, and a namespace that the controller has finished meanwhile.
_PASSING = (DynamicApiError, client.ApiException, urllib3.exceptions.HTTPError, config.ConfigException, OSError)


@contextlib.contextmanager
def finalizing(home: Path) -> Iterator[None]:
    """Within, deleted namespaces of the sandbox in this folder end as soon as they are empty."""
    stopped = threading.Event()
    thread = threading.Thread(target=_run, args=(home, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _run(home: Path, stopped: threading.Event) -> None:
    kubeconfig = home / "cluster" / "kubeconfig"
    api: client.ApiClient | None = None
    kinds: list[Any] = []
    while not stopped.wait(PAUSE):
        if not kubeconfig.exists():
            continue
        with contextlib.suppress(*_PASSING):
            if api is None:
                api = config.new_client_from_config(str(kubeconfig))
            namespaces: list[Any] = client.CoreV1Api(api).list_namespace().items
            for namespace in namespaces:
                if namespace.metadata.deletion_timestamp and namespace.spec.finalizers:
                    kinds = kinds or _kinds(api, home)
                    _finish(api, kinds, namespace)


def _kinds(api: client.ApiClient, home: Path) -> list[Any]:
    """The namespaced kinds whose objects can be deleted as a collection."""
    listed: list[Any] = dynamic.DynamicClient(api, cache_file=str(home / "kinds.json")).resources.search()
    objects = [kind for kind in listed if not isinstance(kind, ResourceList) and "/" not in kind.name]
    return [kind for kind in objects if kind.namespaced and "deletecollection" in (kind.verbs or [])]


def _finish(api: client.ApiClient, kinds: list[Any], namespace: Any) -> None:
    name = namespace.metadata.name
    remaining = [kind for kind in kinds if kind.get(namespace=name, limit=1).items]
    for kind in remaining:
        # The client demands a name or a selector even where it deletes a whole collection.
        kind.delete(namespace=name, field_selector=f"metadata.namespace={name}")
    if not remaining:
        namespace.spec.finalizers = []
        client.CoreV1Api(api).replace_namespace_finalize(name, namespace)
