"""A pod's files: Secrets, ConfigMaps and empty folders, written below one folder that only their owner can enter."""

import base64
import logging
import os
import shutil
from pathlib import Path

from sandbox.kubelet.cluster_api import ClusterApi, Object

log = logging.getLogger(__name__)


class Missing(Exception):
    """A Secret, a ConfigMap or a key that the pod refers to is not there (yet)."""


async def mount(api: ClusterApi, pod: Object, container: Object, folder: Path) -> dict[str, Path]:
    """Writes every volume that the container mounts; where each mount path of the container lies here."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
    paths: dict[str, Path] = {}
    for wanted in container.get("volumeMounts", []):
        place = folder / wanted["name"]
        if not place.exists():
            await _write(place, await _content(api, pod, volumes[wanted["name"]]))
        paths[wanted["mountPath"]] = place / wanted.get("subPath", "")
    return paths


async def configured(api: ClusterApi, pod: Object, kind: str, reference: Object) -> dict[str, bytes]:
    """Keys and values of a Secret or ConfigMap (`kind` as in paths) of the pod's namespace.

    Empty where an optional one is not there; any other that is not there is Missing.
    """
    name = reference.get("name") or reference.get("secretName")
    found = await api.get(f"/api/v1/namespaces/{pod['metadata']['namespace']}/{kind}/{name}")
    if found is None:
        if reference.get("optional"):
            return {}
        raise Missing(f"there is no {kind.removesuffix('s')} {name}")
    encoded = {**(found.get("data") or {} if kind == "secrets" else {}), **(found.get("binaryData") or {})}
    plain = {} if kind == "secrets" else found.get("data") or {}
    return {
        **{key: base64.b64decode(value) for key, value in encoded.items()},
        **{key: value.encode() for key, value in plain.items()},
    }


async def keys_of(api: ClusterApi, pod: Object, secret: Object | None, config_map: Object | None) -> dict[str, bytes]:
    """Keys and values of whichever of the two is referred to."""
    if secret is not None:
        return await configured(api, pod, "secrets", secret)
    return await configured(api, pod, "configmaps", config_map) if config_map is not None else {}


async def _content(api: ClusterApi, pod: Object, volume: Object) -> dict[str, bytes]:
    content: dict[str, bytes] = {}
    sources = volume.get("projected", {}).get("sources") or [volume]
    for source in sources:
        secret, config_map = source.get("secret"), source.get("configMap")
        reference = secret or config_map
        if reference is None:
            if "emptyDir" not in source:
                log.warning("volume %s is of a kind that is left empty here", volume["name"])
            continue
        found = await keys_of(api, pod, secret, config_map)
        items = reference.get("items")
        if items is None:
            content |= found
            continue
        for item in items:
            if item["key"] in found:
                content[item["path"]] = found[item["key"]]
            elif not reference.get("optional"):
                raise Missing(f"volume {volume['name']} wants the key {item['key']}, which is not there")
    return content


async def _write(place: Path, content: dict[str, bytes]) -> None:
    place.mkdir(mode=0o700)
    for name, value in content.items():
        path = place / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(value)
