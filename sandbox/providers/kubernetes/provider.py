"""The kubernetes plugin: inputs to objects, objects to the cluster and back."""

import threading
from typing import Any

from sandbox.providers.interface import Diff, NotReady, ProviderError, Request
from sandbox.providers.kubernetes import await_ready
from sandbox.providers.kubernetes.api import Api, NoSuchKind, Refused
from sandbox.providers.kubernetes.compare import changes, force_new, pruned
from sandbox.providers.kubernetes.managers import created_here, hand_over, new_manager
from sandbox.providers.kubernetes.objects import (
    annotation,
    checkpoint,
    hidden,
    identity,
    imported,
    is_autonamed,
    kind_of,
    named,
    normal,
    parted,
    shown,
)
from sandbox.providers.values import has_unknown, plain

TRIES = 6
FIRST_PAUSE = 0.5
"""What is not there yet (a namespace, a kind) is tried for again: how often, and after how many seconds first, then
doubled."""

NOT_MADE = 'resource "{urn}" was not successfully created by the Kubernetes API server: {message}'
EXISTS = (
    "{message}\n\nThe resource already exists in the cluster. This can happen when:\n\n"
    "  - Renaming a Pulumi resource: use an alias to preserve the identity,\n"
    "    or use deleteBeforeReplace if the resource needs replacement.\n"
    "  - Adopting a resource into Pulumi: use `pulumi import`."
)
CONFLICT = (
    "server-side apply field conflict detected: the resource managed by field manager {manager!r} had an apply "
    "conflict: {message} (the annotation pulumi.com/patchForce takes the fields over)"
)


class Kubernetes:
    """All engines attached share one cluster: that of the environment, or of the last provider configured."""

    name = "kubernetes"

    def __init__(self) -> None:
        self._made: Api | None = None
        self._lock = threading.Lock()
        self._config: dict[str, Any] = {}

    def configure(self, config: dict[str, Any]) -> None:
        with self._lock:
            self._config = config
            self._made = None

    @property
    def _api(self) -> Api:
        with self._lock:
            if self._made is None:
                self._made = Api(self._config.get("kubeconfig", ""), self._config.get("context", ""))
            return self._made

    def check(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        old = normal(request.inputs, request.type) if request.inputs else {}
        thing = named(normal(request.news, request.type), old, request)
        if kind_of(request.type)[1] == f"{thing['kind']}Patch":
            raise ProviderError(f"{request.type} is not among the stand-in's: it patches nothing that others made")
        metadata = thing["metadata"]
        if not metadata.get("namespace") and self._namespaced(thing):
            metadata["namespace"] = self._config.get("namespace") or "default"
        return hidden(thing, request.news), {}

    def _namespaced(self, thing: dict[str, Any]) -> bool:
        """A kind that is not served yet is taken for a namespaced one, as most are."""
        try:
            return self._api.place(thing["apiVersion"], thing["kind"]).namespaced
        except NoSuchKind:
            return True

    def diff(self, request: Request) -> Diff:
        old_inputs, live = parted(request.outputs)
        new = plain(normal(request.news, request.type))
        old = plain(pruned(live, plain(normal(old_inputs, request.type))))
        found = changes(old, new, force_new(new))
        replaced = any(change.replace for change in found.values())
        fixed = replaced and not is_autonamed(new) and identity(new) == identity(live)
        return Diff(found, delete_first=fixed, detailed=True)

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        thing = plain(request.news)
        if request.preview:
            return "", self._previewed(request, thing)
        manager = new_manager()
        live = self._insist(request, thing)
        return identity(live), self._settled(request, thing, live, manager)

    def _previewed(self, request: Request, thing: dict[str, Any]) -> dict[str, Any]:
        """What the API server would make of it; the inputs as they are where it cannot say yet."""
        if has_unknown(thing) or not self._api.serves(thing):
            return request.news
        try:
            return self._planned(request, self._api.create(thing, preview=True))
        except Refused as error:
            # The namespace may still have to be made, and what is to be replaced first to be deleted.
            if error.status in (403, 404) or error.reason == "AlreadyExists":
                return request.news
            raise ProviderError(f"{shown(thing)}: {error}") from error

    def _insist(self, request: Request, thing: dict[str, Any]) -> dict[str, Any]:
        pause = FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            try:
                return self._api.create(thing, preview=False)
            except (Refused, NoSuchKind) as error:
                if isinstance(error, Refused) and error.reason == "AlreadyExists":
                    message = EXISTS.format(message=error)
                elif attempt < TRIES and (isinstance(error, NoSuchKind) or error.status == 404):
                    if not request.stopped.wait(pause):
                        pause *= 2
                        continue
                    message = f"interrupted; {error}"
                else:
                    message = str(error)
                raise ProviderError(NOT_MADE.format(urn=request.urn, message=message)) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def update(self, request: Request) -> dict[str, Any]:
        thing = plain(normal(request.news, request.type))
        if request.preview and (has_unknown(thing) or not self._api.serves(thing)):
            return request.news
        manager = plain(request.outputs).get("__fieldManager") or new_manager()
        live = self._api.get(thing)
        if live is None:
            raise ProviderError(f"{shown(thing)} is no longer there; a refresh takes it out of the state")
        force = annotation(thing, "patchForce") == "true"
        try:
            if request.preview:
                return self._planned(
                    request, self._api.apply(thing, manager, force or created_here(live), preview=True)
                )
            hand_over(self._api, live, manager)
            live = self._api.apply(thing, manager, force, preview=False)
        except Refused as error:
            message = CONFLICT.format(manager=manager, message=error) if error.status == 409 else str(error)
            raise ProviderError(f"update of {shown(thing)} failed: {message}") from error
        return self._settled(request, thing, live, manager)

    def _planned(self, request: Request, live: dict[str, Any]) -> dict[str, Any]:
        live.pop("status", None)
        return checkpoint(request.news, live, live["apiVersion"], "")

    def _settled(self, request: Request, thing: dict[str, Any], live: dict[str, Any], manager: str) -> dict[str, Any]:
        """The checkpoint of the object once it is ready. Raises NotReady with what there is."""
        try:
            live = await_ready.wait(self._api, live, request)
        except ProviderError as error:
            live = self._api.get(live) or live
            outputs = checkpoint(request.news, live, thing["apiVersion"], manager)
            raise NotReady(str(error), identity(live), outputs, request.news) from error
        return checkpoint(request.news, live, thing["apiVersion"], manager)

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        version, kind = kind_of(request.type)
        namespace, _, name = request.id.rpartition("/")
        inputs = normal(request.inputs, request.type) if request.inputs else {}
        version = inputs.get("apiVersion", version)
        wanted = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace or None}}
        try:
            live = self._api.get(wanted)
        except NoSuchKind:
            return None
        if live is None:
            return None
        kept = plain(request.outputs)
        found = pruned(live, plain(inputs)) if inputs else imported(live)
        found = hidden(found, inputs)
        manager = kept.get("__fieldManager") or new_manager()
        outputs = checkpoint(found, live, kept.get("__initialApiVersion") or version, manager)
        return request.id, outputs, found

    def delete(self, request: Request) -> None:
        _, live = parted(request.outputs)
        policy = annotation(live, "deletionPropagationPolicy").capitalize() or "Foreground"
        try:
            self._api.delete(live, policy)
            await_ready.wait_gone(self._api, live, request)
        except NoSuchKind:
            return
        except Refused as error:
            if error.status != 404:
                raise

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - has no function
        raise ProviderError(f"function {token} is not among the stand-in's")
