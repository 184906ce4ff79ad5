"""Deployments and other objects whose pods run cloudflared: their arguments, variables, ConfigMap and pod settings."""

import posixpath
from collections.abc import Iterator, Mapping

from ops.migrate import command_line, config_file, given_options, pod_fields
from ops.migrate.config_maps import config_files
from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, Option
from ops.migrate.kubernetes_objects import key_of, qualified_title, title_of, titled

KINDS = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Pod")
_UNREPORTED = {"containers", "restartPolicy", "serviceAccountName", "serviceAccount", "volumes", "imagePullSecrets"}
_UNREPORTED |= {"securityContext", "terminationGracePeriodSeconds", "schedulerName", "nodeName"}
_UNREPORTED |= {"enableServiceLinks", "automountServiceAccountToken", "preemptionPolicy", "priority"}
"""Fields of a pod that the API server fills in, or that the stack's connector has its own value for."""
_CONTAINER = {"name", "image", "imagePullPolicy", "command", "args", "env", "envFrom", "ports", "resources"}
_CONTAINER |= {"livenessProbe", "readinessProbe", "startupProbe", "securityContext", "volumeMounts"}
_CONTAINER |= {"terminationMessagePath", "terminationMessagePolicy"}
_FILES = ("config", "credentials-file", "token-file", "origincert")
DEFAULT_CONFIG = (
    "/etc/cloudflared/config.yml",
    "/etc/cloudflared/config.yaml",
    "/home/nonroot/.cloudflared/config.yml",
)


def connector_of(workload: InputObject) -> InputObject | None:
    """The container of a workload that runs cloudflared; None where there is none."""
    containers = _pod(workload).objects("containers")
    return next((each for each in containers if command_line.runs_cloudflared(each)), None)


def config_maps_of(workload: InputObject) -> set[tuple[str, str]]:
    """Namespace and name of each ConfigMap that the pods of a workload mount."""
    return {(key_of(workload)[0], name) for name, _, _ in _mounts(workload)}


def read(workload: InputObject, config_maps: Mapping[tuple[str, str], InputObject]) -> ExistingSetup:
    """The setup of a workload's connector; `config_maps` are those of the input, by namespace and name."""
    namespace, setup = key_of(workload)[0], ExistingSetup(qualified_title(workload))
    container = connector_of(workload)
    assert container is not None
    line = command_line.read(container, setup)
    setup.namespace = namespace
    setup.account_id = line.account_id or None
    options = dict(line.options)
    file = _config_file(workload, line.options.get("config"), config_maps, setup)
    if file:
        config_file.read_into(setup, file, namespace)
        options = {each.key: each for each in config_file.options(file)} | options
    given_options.apply(options.values(), setup, namespace)
    setup.name = line.tunnel_id or setup.name
    setup.remote = setup.remote or line.remote
    _read_workload(workload, container, setup)
    _report_mounts(title_of(workload), container, options, setup)
    return setup


def _config_file(
    workload: InputObject,
    path: Option | None,
    config_maps: Mapping[tuple[str, str], InputObject],
    setup: ExistingSetup,
) -> InputObject | None:
    """The config.yml that the pods mount where `--config` says, or at a usual path; None where there is none."""
    namespace = key_of(workload)[0]
    wanted = [str(path.value)] if path else DEFAULT_CONFIG
    for name, key, file in _mounts(workload):
        resource = config_maps.get((namespace, name))
        for candidate in wanted:
            inner = key or posixpath.basename(candidate)
            if candidate not in (file, posixpath.join(file, inner)):
                continue
            if resource is None:
                reason = f"its config.yml is in the ConfigMap {name}, which is not in the input"
                remedy = f"add it: kubectl -n {namespace} get configmap {name} -o yaml"
                setup.skipped.append(SkippedItem(title_of(workload), reason, remedy, workload.place))
                return None
            if found := config_files(resource).get(inner):
                return found
    if path:
        reason = "no ConfigMap in the input is mounted there"
        remedy = "add the file itself to the input"
        setup.skipped.append(SkippedItem(f"--config {path.value}", reason, remedy, path.place))
    return None


def _mounts(workload: InputObject) -> Iterator[tuple[str, str, str]]:
    """Each ConfigMap that the connector mounts: its name; the key and the path of a file, or an empty key and the path
    of the directory with all keys."""
    container = connector_of(workload)
    volumes = {each.text("name"): each for each in _pod(workload).objects("volumes")}
    for mount in container.objects("volumeMounts") if container else ():
        volume = volumes.get(mount.text("name"))
        path, sub_path = mount.text("mountPath"), mount.text("subPath")
        for source in _sources(volume) if volume else ():
            name, items = source.text("name"), source.objects("items")
            if sub_path:
                key = next((each.text("key") for each in items if each.text("path") == sub_path), sub_path)
                yield name, key, path
            elif items:
                yield from ((name, each.text("key"), posixpath.join(path, each.text("path"))) for each in items)
            else:
                yield name, "", path


def _sources(volume: InputObject) -> Iterator[InputObject]:
    for one in (volume, *volume.object("projected").objects("sources")):
        if "configMap" in one:
            yield one.object("configMap")


def _pod(workload: InputObject) -> InputObject:
    spec = titled(workload).object("spec")
    return spec if workload.get("kind") == "Pod" else spec.object("template").object("spec")


def _read_workload(workload: InputObject, container: InputObject, setup: ExistingSetup) -> None:
    title, spec, pod = title_of(workload), titled(workload).object("spec"), _pod(workload)
    if "replicas" in spec:
        setup.settings.append(Option("connector.replicas", spec.get("replicas"), spec.at("replicas")))
    elif workload.get("kind") == "DaemonSet":
        reason, remedy = "it runs a connector on every node", "set connector.replicas to the number that is needed"
        setup.skipped.append(SkippedItem(title, reason, remedy, workload.place))
    setup.settings += [Option(path, pod.get(key), pod.at(key)) for key, path in pod_fields.POD.items() if pod.get(key)]
    if resources := container.get("resources"):
        setup.settings.append(Option("connector.resources", resources, container.at("resources")))
    if image := container.text("image"):
        reason, remedy = "the stack has its own version, pinned by digest", "set connector.image to keep this one"
        setup.skipped.append(SkippedItem(f"{title}, image {image}", reason, remedy, container.at("image")))
    names = [each.text("name") for each in pod.objects("imagePullSecrets")]
    if names:
        setup.settings.append(Option("connector.imagePullSecrets", names, pod.at("imagePullSecrets")))
    reason = "the stack's connector has no such container, or its own"
    for other in pod.objects("containers"):
        if other.values is not container.values:
            remedy = "run it in a Deployment of its own, or do without it"
            setup.skipped.append(SkippedItem(f"{title}, container {other.text('name')}", reason, remedy, other.place))
    remedy = "see `culvert:connector` in docs/settings.md for an equivalent"
    for one, known in ((pod, _UNREPORTED | pod_fields.POD.keys()), (container, _CONTAINER)):
        for key, value in one.values.items():
            if key not in known and value not in (None, False, "", [], {}, "ClusterFirst"):
                reason = "the stack has no setting of this name"
                setup.skipped.append(SkippedItem(f"{title}, {key}", reason, remedy, one.at(key)))


def _report_mounts(title: str, container: InputObject, options: Mapping[str, Option], setup: ExistingSetup) -> None:
    """Reports the volumes that hold neither the config.yml nor credentials, such as certificate authorities."""
    files = [*DEFAULT_CONFIG, *(str(options[name].value) for name in _FILES if name in options)]
    for mount in container.objects("volumeMounts"):
        path = mount.text("mountPath")
        if not any(file == path or file.startswith(f"{path.rstrip('/')}/") for file in files):
            reason = "the stack's connector mounts only its token"
            remedy = "set connector.extraVolumes, or origin.caPool for a certificate authority"
            setup.skipped.append(SkippedItem(f"{title}, the volume at {path}", reason, remedy, mount.place))
