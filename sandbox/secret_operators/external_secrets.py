"""External Secrets' operator, emulated as far as culvert uses it: PushSecrets write to stores, ExternalSecrets read.

Every store that an object names exists, empty at first. Conditions, reasons and messages are those of the operator's
controllers (v1.3.2: `pkg/controllers/pushsecret`, `pkg/controllers/externalsecret`). The emulation has no state of its
own: a store holds what the current PushSecrets write, so an entry is deleted with its PushSecret
(`deletionPolicy: Delete`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from kubernetes import client

from sandbox.secret_operators.secrets import read, write

_GROUP = "external-secrets.io"
PUSH, PULL = ("v1alpha1", "pushsecrets"), ("v1", "externalsecrets")
Object = dict[str, Any]
Entry = tuple[str, str, str, str]
"""The store's kind, its name (a SecretStore's with its namespace), the entry's key, its property."""


def reconcile(api: client.ApiClient) -> None:
    """Reconciles every PushSecret and ExternalSecret of the cluster once."""
    core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
    entries: dict[Entry, bytes] = {}
    for push in _list(custom, PUSH):
        namespace, spec = push["metadata"]["namespace"], push["spec"]
        source = read(core, namespace, spec["selector"]["secret"]["name"])
        if source is None:
            _set_ready(custom, PUSH, push, ("False", "Errored", "could not get source secret"))
            continue
        for store in spec["secretStoreRefs"]:
            for match in (item["match"] for item in spec["data"]):
                entry = _entry(store, namespace, match["remoteRef"]["remoteKey"], match["remoteRef"])
                entries[entry] = source[match["secretKey"]]
        _set_ready(custom, PUSH, push, ("True", "Synced", "PushSecret synced successfully"))
    for external in _list(custom, PULL):
        namespace, spec = external["metadata"]["namespace"], external["spec"]
        keys = {
            item["secretKey"]: _entry(spec["secretStoreRef"], namespace, item["remoteRef"]["key"], item["remoteRef"])
            for item in spec["data"]
        }
        if not set(keys.values()) <= set(entries):
            _set_ready(
                custom, PULL, external, ("False", "SecretSyncedError", "could not get secret data from provider")
            )
            continue
        write(core, _target(external), {key: entries[entry] for key, entry in keys.items()})
        _set_ready(custom, PULL, external, ("True", "SecretSynced", "secret synced"))


def _list(custom: client.CustomObjectsApi, kind: tuple[str, str]) -> Iterator[Object]:
    version, plural = kind
    objects: Any = custom.list_cluster_custom_object(_GROUP, version, plural)
    yield from (item for item in objects["items"] if "deletionTimestamp" not in item["metadata"])


def _entry(store: Object, namespace: str, key: str, reference: Object) -> Entry:
    kind = store.get("kind", "SecretStore")
    name = store["name"] if kind == "ClusterSecretStore" else f"{namespace}/{store['name']}"
    return kind, name, key, reference.get("property", "")


def _target(external: Object) -> Object:
    """The metadata of the Secret, which is deleted with its ExternalSecret."""
    metadata, target = external["metadata"], external["spec"]["target"]
    owner = {
        "apiVersion": external["apiVersion"],
        "kind": external["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    labels = target.get("template", {}).get("metadata", {}).get("labels", {})
    name = target.get("name") or metadata["name"]
    return {"namespace": metadata["namespace"], "name": name, "labels": labels, "ownerReferences": [owner]}


def _set_ready(
    custom: client.CustomObjectsApi, kind: tuple[str, str], item: Object, ready: tuple[str, str, str]
) -> None:
    """Sets the condition Ready (status, reason, message) unless it is set already."""
    conditions = item.get("status", {}).get("conditions") or [{}]
    status, reason, message = ready
    if (conditions[0].get("status"), conditions[0].get("reason")) == (status, reason):
        return
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": now}
    version, plural = kind
    metadata, body = item["metadata"], {"status": {"refreshTime": now, "conditions": [condition]}}
    custom.patch_namespaced_custom_object_status(
        _GROUP, version, metadata["namespace"], plural, metadata["name"], body,
        _content_type="application/merge-patch+json",
    )  # fmt: skip
