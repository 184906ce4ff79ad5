"""A finalizer of namespaces that does not wait five seconds first, as kube-controller-manager does.

The wait is for API servers that lag behind each other (`namespaceDeletionGracePeriod` in its
pkg/controller/namespace/namespace_controller.go). A sandbox has one server, and no test is about the wait. What happens
instead is what the controller does: delete everything in the namespace, then remove its finalizer.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config, dynamic, watch
from kubernetes.dynamic.exceptions import DynamicApiError
from kubernetes.dynamic.resource import ResourceList

PAUSE = 0.2
"""Seconds between two looks at a namespace that is being deleted."""
PATIENCE = 10
"""Seconds after which a namespace that does not become empty is left to the controller."""
# A server that is stopped or starting, and a namespace that the controller has finished meanwhile.
_PASSING = (DynamicApiError, client.ApiException, urllib3.exceptions.HTTPError, config.ConfigException, OSError)


@contextlib.contextmanager
def finalizing(home: Path) -> Iterator[None]:
    """Within, deleted namespaces of the sandbox in this folder end as soon as they are empty."""
    stopped = threading.Event()
    threading.Thread(target=_run, args=(home, stopped), daemon=True).start()
    try:
        yield
    finally:
        # The thread waits for the API server, and ends with it.
        stopped.set()


def _run(home: Path, stopped: threading.Event) -> None:
    kubeconfig = home / "cluster" / "kubeconfig"
    while not stopped.wait(PAUSE):
        if kubeconfig.exists():
            with contextlib.suppress(*_PASSING):
                _follow(config.new_client_from_config(str(kubeconfig)), home, stopped)


def _follow(api: client.ApiClient, home: Path, stopped: threading.Event) -> None:
    """Ends each namespace that the API server reports as deleted, until the connection with the server ends."""
    core, kinds = client.CoreV1Api(api), list[Any]()
    events: Any = watch.Watch().stream(core.list_namespace)
    for event in events:
        namespace: Any = event["object"]
        deadline = time.monotonic() + PATIENCE
        while namespace.metadata.deletion_timestamp and namespace.spec.finalizers:
            kinds = kinds or _kinds(api, home)
            if _finish(api, kinds, namespace) or stopped.wait(PAUSE) or time.monotonic() > deadline:
                break


def _kinds(api: client.ApiClient, home: Path) -> list[Any]:
    """The namespaced kinds whose objects can be deleted as a collection."""
    listed: list[Any] = dynamic.DynamicClient(api, cache_file=str(home / "kinds.json")).resources.search()
    objects = [kind for kind in listed if not isinstance(kind, ResourceList) and "/" not in kind.name]
    return [kind for kind in objects if kind.namespaced and "deletecollection" in (kind.verbs or [])]


def _finish(api: client.ApiClient, kinds: list[Any], namespace: Any) -> bool:
    """Whether the namespace was empty, and has ended; else what is in it is deleted."""
    name = namespace.metadata.name
    remaining = [kind for kind in kinds if kind.get(namespace=name, limit=1).items]
    for kind in remaining:
        # The client demands a name or a selector even where it deletes a whole collection.
        kind.delete(namespace=name, field_selector=f"metadata.namespace={name}")
    if not remaining:
        namespace.spec.finalizers = []
        # Whatever the controller has noted in it meanwhile.
        namespace.metadata.resource_version = None
        client.CoreV1Api(api).replace_namespace_finalize(name, namespace)
    return not remaining
