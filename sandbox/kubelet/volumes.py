"""A pod's volumes (Secrets, ConfigMaps, empty directories), written below a folder that only its owner can enter."""

import base64
import logging
import os
import shutil
from pathlib import Path

from sandbox.kubelet.cluster_api import ClusterApi, Object

log = logging.getLogger(__name__)


class VolumeSourceMissing(Exception):
    """A Secret, a ConfigMap or a key that the pod refers to does not exist, or not yet."""


async def mount_volumes(api: ClusterApi, pod: Object, container: Object, folder: Path) -> dict[str, Path]:
    """Writes every volume that the container mounts; each mount path's place below `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
    paths: dict[str, Path] = {}
    for volume_mount in container.get("volumeMounts", []):
        path = folder / volume_mount["name"]
        if not path.exists():
            await _write(path, await _content(api, pod, volumes[volume_mount["name"]]))
        paths[volume_mount["mountPath"]] = path / volume_mount.get("subPath", "")
    return paths


async def read_source(api: ClusterApi, pod: Object, resource: str, reference: Object) -> dict[str, bytes]:
    """Keys and values of a Secret or ConfigMap in the pod's namespace; `resource` is `secrets` or `configmaps`.

    Where it does not exist, an optional one is empty; for any other, raises VolumeSourceMissing.
    """
    name = reference.get("name") or reference.get("secretName")
    source = await api.get(f"/api/v1/namespaces/{pod['metadata']['namespace']}/{resource}/{name}")
    if source is None:
        if reference.get("optional"):
            return {}
        raise VolumeSourceMissing(f"there is no {resource.removesuffix('s')} {name}")
    data = source.get("data") or {}
    encoded = {**(data if resource == "secrets" else {}), **(source.get("binaryData") or {})}
    plain = {} if resource == "secrets" else data
    return {
        **{key: base64.b64decode(value) for key, value in encoded.items()},
        **{key: value.encode() for key, value in plain.items()},
    }


async def read_one_of(
    api: ClusterApi, pod: Object, secret: Object | None, config_map: Object | None
) -> dict[str, bytes]:
    """Keys and values of the Secret or the ConfigMap, whichever is referred to."""
    if secret is not None:
        return await read_source(api, pod, "secrets", secret)
    return await read_source(api, pod, "configmaps", config_map) if config_map is not None else {}


async def _content(api: ClusterApi, pod: Object, volume: Object) -> dict[str, bytes]:
    content: dict[str, bytes] = {}
    sources = volume.get("projected", {}).get("sources") or [volume]
    for source in sources:
        secret, config_map = source.get("secret"), source.get("configMap")
        reference = secret or config_map
        if reference is None:
            if "emptyDir" not in source:
                log.warning("volume %s has a type that is not supported here and stays empty", volume["name"])
            continue
        data = await read_one_of(api, pod, secret, config_map)
        items = reference.get("items")
        if items is None:
            content |= data
            continue
        for item in items:
            if item["key"] in data:
                content[item["path"]] = data[item["key"]]
            elif not reference.get("optional"):
                raise VolumeSourceMissing(f"volume {volume['name']} needs the key {item['key']}, which does not exist")
    return content


async def _write(folder: Path, content: dict[str, bytes]) -> None:
    folder.mkdir(mode=0o700)
    for name, value in content.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(value)
