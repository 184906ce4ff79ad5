"""External Secrets' operator, as far as culvert asks for it: PushSecrets fill stores, ExternalSecrets are filled from them.

Every store that is named counts as there, empty at first. Conditions, reasons and messages are those of the operator's own
controllers (v1.3.2: `pkg/controllers/pushsecret`, `pkg/controllers/externalsecret`). It keeps nothing: what a store holds is
what the PushSecrets of this moment put there, so an entry goes with its PushSecret (`deletionPolicy: Delete`).
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
"""Kind of store, its name (a SecretStore's with its namespace), the entry's key, the property."""


def reconcile(api: client.ApiClient) -> None:
    """Do once what there is to do."""
    core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
    entries: dict[Entry, bytes] = {}
    for pushed in _every(custom, PUSH):
        namespace, spec = pushed["metadata"]["namespace"], pushed["spec"]
        source = read(core, namespace, spec["selector"]["secret"]["name"])
        if source is None:
            _tell(custom, PUSH, pushed, ("False", "Errored", "could not get source secret"))
            continue
        for store in spec["secretStoreRefs"]:
            for match in (one["match"] for one in spec["data"]):
                entry = _entry(store, namespace, match["remoteRef"]["remoteKey"], match["remoteRef"])
                entries[entry] = source[match["secretKey"]]
        _tell(custom, PUSH, pushed, ("True", "Synced", "PushSecret synced successfully"))
    for pulled in _every(custom, PULL):
        namespace, spec = pulled["metadata"]["namespace"], pulled["spec"]
        keys = {
            one["secretKey"]: _entry(spec["secretStoreRef"], namespace, one["remoteRef"]["key"], one["remoteRef"])
            for one in spec["data"]
        }
        if not set(keys.values()) <= set(entries):
            _tell(custom, PULL, pulled, ("False", "SecretSyncedError", "could not get secret data from provider"))
            continue
        write(core, _target(pulled), {key: entries[entry] for key, entry in keys.items()})
        _tell(custom, PULL, pulled, ("True", "SecretSynced", "secret synced"))


def _every(custom: client.CustomObjectsApi, kind: tuple[str, str]) -> Iterator[Object]:
    version, plural = kind
    found: Any = custom.list_cluster_custom_object(_GROUP, version, plural)
    yield from (one for one in found["items"] if "deletionTimestamp" not in one["metadata"])


def _entry(store: Object, namespace: str, key: str, reference: Object) -> Entry:
    kind = store.get("kind", "SecretStore")
    name = store["name"] if kind == "ClusterSecretStore" else f"{namespace}/{store['name']}"
    return kind, name, key, reference.get("property", "")


def _target(pulled: Object) -> Object:
    """The Secret's metadata; it goes with what it was pulled by."""
    metadata, target = pulled["metadata"], pulled["spec"]["target"]
    owner = {
        "apiVersion": pulled["apiVersion"],
        "kind": pulled["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    labels = target.get("template", {}).get("metadata", {}).get("labels", {})
    name = target.get("name") or metadata["name"]
    return {"namespace": metadata["namespace"], "name": name, "labels": labels, "ownerReferences": [owner]}


def _tell(custom: client.CustomObjectsApi, kind: tuple[str, str], one: Object, told: tuple[str, str, str]) -> None:
    """Sets the condition Ready, where it is not so yet."""
    conditions = one.get("status", {}).get("conditions") or [{}]
    status, reason, message = told
    if (conditions[0].get("status"), conditions[0].get("reason")) == (status, reason):
        return
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": now}
    version, plural = kind
    metadata, body = one["metadata"], {"status": {"refreshTime": now, "conditions": [condition]}}
    custom.patch_namespaced_custom_object_status(
        _GROUP, version, metadata["namespace"], plural, metadata["name"], body,
        _content_type="application/merge-patch+json",
    )  # fmt: skip
