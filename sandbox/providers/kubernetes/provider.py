"""The kubernetes plugin: checks, diffs, creates, updates, reads and deletes objects."""

import threading
from typing import Any

from sandbox.providers.interface import Diff, NotReady, ProviderError, Request
from sandbox.providers.kubernetes import await_ready
from sandbox.providers.kubernetes.api import Api, KubernetesStatusError, UnknownKind
from sandbox.providers.kubernetes.compare import changes, force_new, prune
from sandbox.providers.kubernetes.managers import keep_ignored_fields, new_manager, only_created, take_over_fields
from sandbox.providers.kubernetes.objects import (
    annotation,
    checkpoint,
    describe,
    hide_secrets,
    identity,
    import_inputs,
    is_autonamed,
    normalize,
    parse_type,
    split_checkpoint,
    with_name,
)
from sandbox.providers.values import has_unknown, plain

ATTEMPTS = 6
FIRST_PAUSE = 0.5
"""Attempts to create an object whose namespace or kind does not exist yet, and the first pause in seconds, which
doubles."""

NOT_CREATED = 'resource "{urn}" was not successfully created by the Kubernetes API server: {message}'
EXISTS = (
    "{message}\n\nThe resource already exists in the cluster. This can happen when:\n\n"
    "  - Renaming a Pulumi resource: use an alias to preserve the identity,\n"
    "    or use deleteBeforeReplace if the resource needs replacement.\n"
    "  - Adopting a resource into Pulumi: use `pulumi import`."
)
CONFLICT = (
    "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help\n"
    'The resource managed by field manager "{manager}" had an apply conflict: {message}'
)


class Kubernetes:
    """All attached engines share one cluster, the environment's or the last configured provider's, and the last
    configured provider's `enablePatchForce`."""

    name = "kubernetes"

    def __init__(self) -> None:
        self._client: Api | None = None
        self._lock = threading.Lock()
        self._config: dict[str, Any] = {}

    def configure(self, config: dict[str, Any]) -> None:
        with self._lock:
            self._config = config
            self._client = None

    @property
    def _api(self) -> Api:
        with self._lock:
            if self._client is None:
                self._client = Api(self._config.get("kubeconfig", ""), self._config.get("context", ""))
            return self._client

    def check(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        old = normalize(request.inputs, request.type) if request.inputs else {}
        manifest = with_name(normalize(request.news, request.type), old, request)
        if parse_type(request.type)[1] == f"{manifest['kind']}Patch":
            raise ProviderError(f"{request.type} is not supported by the stand-in: it does not patch objects of others")
        metadata = manifest["metadata"]
        if not metadata.get("namespace") and self._namespaced(manifest):
            metadata["namespace"] = self._config.get("namespace") or "default"
        return hide_secrets(manifest, request.news), {}

    def _namespaced(self, manifest: dict[str, Any]) -> bool:
        """A kind that is not served yet is assumed to be namespaced, as most are."""
        try:
            return self._api.endpoint(manifest["apiVersion"], manifest["kind"]).namespaced
        except UnknownKind:
            return True

    def diff(self, request: Request) -> Diff:
        old_inputs, live = split_checkpoint(request.outputs)
        new = plain(normalize(request.news, request.type))
        old = plain(prune(live, plain(normalize(old_inputs, request.type))))
        found = {
            path: change
            for path, change in changes(old, new, force_new(new)).items()
            if not any(f"{path}.".startswith(f"{ignored}.") for ignored in request.ignore_changes)
        }
        replaced = any(change.replace for change in found.values())
        same_name = replaced and not is_autonamed(new) and identity(new) == identity(live)
        return Diff(found, delete_first=same_name, detailed=True)

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        manifest = plain(request.news)
        if request.preview:
            return "", self._preview(request, manifest)
        manager = new_manager()
        live = self._create(request, manifest)
        return identity(live), self._await(request, manifest, live, manager)

    def _preview(self, request: Request, manifest: dict[str, Any]) -> dict[str, Any]:
        """The dry-run result of the API server; the inputs unchanged where it cannot tell yet."""
        if has_unknown(manifest) or not self._api.is_served(manifest):
            return request.news
        try:
            return self._planned(request, self._api.create(manifest, preview=True))
        except KubernetesStatusError as error:
            # The namespace may not exist yet, and the object to be replaced may not be deleted yet.
            if error.status in (403, 404) or error.reason == "AlreadyExists":
                return request.news
            raise ProviderError(f"{describe(manifest)}: {error}") from error

    def _create(self, request: Request, manifest: dict[str, Any]) -> dict[str, Any]:
        pause = FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._api.create(manifest, preview=False)
            except (KubernetesStatusError, UnknownKind) as error:
                if isinstance(error, KubernetesStatusError) and error.reason == "AlreadyExists":
                    message = EXISTS.format(message=error)
                elif attempt < ATTEMPTS and (isinstance(error, UnknownKind) or error.status == 404):
                    if not request.stopped.wait(pause):
                        pause *= 2
                        continue
                    message = f"interrupted; {error}"
                else:
                    message = str(error)
                raise ProviderError(NOT_CREATED.format(urn=request.urn, message=message)) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def update(self, request: Request) -> dict[str, Any]:
        manifest = plain(normalize(request.news, request.type))
        if request.preview and (has_unknown(manifest) or not self._api.is_served(manifest)):
            return request.news
        manager = plain(request.outputs).get("__fieldManager") or new_manager()
        live = self._api.get(manifest)
        if live is None:
            raise ProviderError(f"{describe(manifest)} does not exist any more; a refresh removes it from the state")
        # Engines send a configured switch as text or as a boolean.
        force = "true" in (annotation(manifest, "patchForce"), str(self._config.get("enablePatchForce")).lower())
        try:
            if request.preview:
                keep_ignored_fields(manifest, live, manager, request.ignore_changes)
                return self._planned(
                    request, self._api.apply(manifest, manager, force or only_created(live), preview=True)
                )
            live = take_over_fields(self._api, live, manager)
            keep_ignored_fields(manifest, live, manager, request.ignore_changes)
            live = self._api.apply(manifest, manager, force, preview=False)
        except KubernetesStatusError as error:
            message = CONFLICT.format(manager=manager, message=error) if error.status == 409 else str(error)
            raise ProviderError(f"update of {describe(manifest)} failed: {message}") from error
        return self._await(request, manifest, live, manager)

    def _planned(self, request: Request, live: dict[str, Any]) -> dict[str, Any]:
        live.pop("status", None)
        return checkpoint(request.news, live, live["apiVersion"], "")

    def _await(self, request: Request, manifest: dict[str, Any], live: dict[str, Any], manager: str) -> dict[str, Any]:
        """The checkpoint of the object once it is ready. Raises NotReady with the current checkpoint."""
        try:
            live = await_ready.wait(self._api, live, request)
        except ProviderError as error:
            live = self._api.get(live) or live
            outputs = checkpoint(request.news, live, manifest["apiVersion"], manager)
            raise NotReady(str(error), identity(live), outputs, request.news) from error
        return checkpoint(request.news, live, manifest["apiVersion"], manager)

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        version, kind = parse_type(request.type)
        namespace, _, name = request.id.rpartition("/")
        inputs = normalize(request.inputs, request.type) if request.inputs else {}
        version = inputs.get("apiVersion", version)
        wanted = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace or None}}
        try:
            live = self._api.get(wanted)
        except UnknownKind:
            return None
        if live is None:
            return None
        stored = plain(request.outputs)
        found = prune(live, plain(inputs)) if inputs else import_inputs(live)
        found = hide_secrets(found, inputs)
        manager = stored.get("__fieldManager") or new_manager()
        outputs = checkpoint(found, live, stored.get("__initialApiVersion") or version, manager)
        return request.id, outputs, found

    def delete(self, request: Request) -> None:
        _, live = split_checkpoint(request.outputs)
        policy = annotation(live, "deletionPropagationPolicy").capitalize() or "Foreground"
        try:
            self._api.delete(live, policy)
            await_ready.wait_gone(self._api, live, request)
        except UnknownKind:
            return
        except KubernetesStatusError as error:
            if error.status != 404:
                raise

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - has no function
        raise ProviderError(f"function {token} is not supported by the stand-in")
