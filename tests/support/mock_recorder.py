"""A recorder of programs under mocks: the program runs to its end, then tests assert on what it registered."""

import asyncio
import gc
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from unittest import mock

import grpc
import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_in_stack

PASSWORD = "correct-horse-battery-staple-" + "0" * 35
CLIENT_SECRET = "client-secret-" + "1" * 51
AUDIENCE = "a" * 64
TUNNEL_ID = "d144062a-1b82-4795-af51-ddfaca0a1b80"
DEFAULT_NETWORK = "5e7a1c0e-0d4b-4c5c-9a55-0a2f6f1d7b11"
"""The virtual network of an account's routes that name none."""
ZONE_ID = "61019e82473e2926d28b8c0319cd097b"


@dataclass(frozen=True)
class Registered:
    """One resource, as the program registered it with the engine.

    `inputs` are in the clear; `shown` is their text with secrets hidden. `parent` is the parent's type. `dependencies`
    and `replace_with`, the resources whose replacement replaces this one, are named by their `str`. `protect` means
    that the engine refuses to delete it. `timeouts` are those of its creation and of an update, empty by default.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    shown: str
    parent: str
    dependencies: frozenset[str]
    delete_before_replace: bool
    replace_with: frozenset[str]
    protect: bool
    imported: str
    retained: bool
    before_delete: frozenset[str]
    before_update: frozenset[str]
    after_update: frozenset[str]
    on_error: frozenset[str]
    ignore_changes: frozenset[str]
    replace_on_changes: frozenset[str]
    timeouts: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.type.rsplit(':', 1)[-1]} {self.name}"


@dataclass
class Recorded:
    """Everything that one program registered. `resources` has neither components nor the stack.

    `providers`, in the order of `invokes`, are the names of their explicit providers, each empty for the default one.
    `outputs` of components and stack are by type. By type and name, as in `components`: `parents`, the types of the
    components' parents, and `shown_outputs`, the text of outputs with secrets hidden.
    """

    resources: list[Registered] = field(default_factory=list)
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    providers: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    shown_outputs: dict[str, str] = field(default_factory=dict)

    def one(self, type_: str) -> Registered:
        """The only resource whose type ends with `:type_`."""
        (resource,) = self.every(type_)
        return resource

    def every(self, type_: str) -> list[Registered]:
        """By name: the order of the registrations depends on when their inputs are known."""
        found = (resource for resource in self.resources if resource.type.endswith(f":{type_}"))
        return sorted(found, key=lambda resource: resource.name)

    @property
    def names(self) -> set[str]:
        return {str(resource) for resource in self.resources}

    @property
    def shown(self) -> str:
        """All inputs and outputs as text, with secrets hidden."""
        resources = [f"{resource} {resource.shown}" for resource in self.resources]
        return "".join([*self.shown_outputs.values(), *resources])


class _Monitor(mocks.MockMonitor):
    def __init__(self, recorded: Recorded, cloud: "_Cloud") -> None:
        super().__init__(cloud)
        self.recorded = recorded

    def Invoke(self, request: Any) -> Any:
        self.recorded.invokes.append((request.tok, _read(request.args)))
        self.recorded.providers.append(request.provider.rpartition("::")[0].rpartition("::")[2])
        return super().Invoke(request)

    def RegisterResource(self, request: Any) -> Any:
        if request.custom:
            self.recorded.resources.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    inputs=_read(request.object),
                    shown=_shown(request.object),
                    parent=_type(request.parent),
                    dependencies=frozenset(map(_title, request.dependencies)),
                    delete_before_replace=request.deleteBeforeReplace,
                    replace_with=frozenset(map(_title, request.replace_with)),
                    protect=request.protect,
                    imported=request.importId,
                    retained=request.retainOnDelete,
                    before_delete=frozenset(request.hooks.before_delete),
                    before_update=frozenset(request.hooks.before_update),
                    after_update=frozenset(request.hooks.after_update),
                    on_error=frozenset(request.hooks.on_error),
                    ignore_changes=frozenset(request.ignoreChanges),
                    replace_on_changes=frozenset(request.replaceOnChanges),
                    timeouts=(request.customTimeouts.create, request.customTimeouts.update),
                )
            )
        elif request.type != "pulumi:pulumi:Stack":
            component = f"{request.type} {request.name}"
            self.recorded.components.append(component)
            self.recorded.parents[component] = _type(request.parent)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        type_, name = _type(request.urn), request.urn.rsplit("::", 1)[-1]
        self.recorded.outputs[type_] = _read(request.outputs)
        self.recorded.shown_outputs[f"{type_} {name}"] = _shown(request.outputs)
        return super().RegisterResourceOutputs(request)


class _LookupFailed(grpc.RpcError):
    """A failed look-up, with the engine's error."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self)


EMPTY_ACCOUNT = {
    "readStackOutputs": {"outputs": {}},
    "readStackResourceOutputs": {"outputs": {}},
    "getDnsRecords": {"results": []},
    "getZeroTrustTunnelCloudflareds": {"results": []},
}
"""Answers to look-ups for a new stack with new hostnames."""


class _Cloud(mocks.Mocks):
    """Answers as the providers do, as far as the program reads their answers.

    `rulesets` exist before the program runs; `answers` are those to other look-ups, by name.
    """

    def __init__(self, rulesets: Sequence[dict[str, Any]], answers: Mapping[str, Any]) -> None:
        self.rulesets = rulesets
        self.answers = {**EMPTY_ACCOUNT, **answers}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        kind = args.typ.rsplit(":", 1)[-1]
        if kind == "RandomPassword":
            return "none", {**args.inputs, "result": PASSWORD}
        if kind == "ZeroTrustTunnelCloudflared":
            return TUNNEL_ID, args.inputs
        if kind == "ZeroTrustTunnelCloudflaredConfig":
            return args.inputs["tunnelId"], {**args.inputs, "version": 7}
        if kind == "ZeroTrustTunnelCloudflaredRoute":
            return f"{args.name}-id", {"virtualNetworkId": DEFAULT_NETWORK, **args.inputs}
        if kind == "ZeroTrustAccessApplication":
            return f"{args.name}-id", {**args.inputs, "aud": AUDIENCE}
        if kind == "ZeroTrustAccessServiceToken":
            secret = {"clientId": "id.access", "clientSecret": CLIENT_SECRET}
            return f"{args.name}-id", {**args.inputs, **secret}
        metadata = args.inputs.get("metadata", {})
        named = {"metadata": {**metadata, "name": metadata.get("name", f"{args.name}-1a2b3c4d")}} if metadata else {}
        return f"{args.name}-id", {**args.inputs, **named}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token.endswith(":getRulesets"):
            listed = [{key: value for key, value in item.items() if key != "rules"} for item in self.rulesets]
            return {"rulesets": listed}, []
        if args.token.endswith(":getRuleset"):
            return next(item for item in self.rulesets if item["id"] == args.args["id"]), []
        name = args.token.rsplit(":", 1)[-1]
        if name == "getZone" and name not in self.answers:
            return {"id": ZONE_ID, "name": args.args["filter"]["name"]}, []
        answer = self.answers[name]
        if isinstance(answer, str):
            raise _LookupFailed(answer)
        return answer, []


def _read(message: Any, secret: Callable[[Any], Any] = lambda value: value) -> Any:
    """The values of a protocol message, with `secret` applied to each secret one."""

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return secret(value["value"])
        return {key: read(item) for key, item in value.items()}

    return read(json_format.MessageToDict(message))


def _shown(message: Any) -> str:
    return json.dumps(_read(message, lambda _: "[secret]"))


def _type(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _title(urn: str) -> str:
    return f"{_type(urn).rsplit(':', 1)[-1]} {urn.rsplit('::', 1)[-1]}"


def _run(program: Callable[[], object]) -> None:
    # The result is discarded: the SDK would await a program's return value, and a component is not awaitable.
    try:
        program()
    finally:
        # `__main__.py` disables it, because its own process ends with it.
        gc.enable()


class Deploy(Protocol):
    def __call__(
        self,
        program: Callable[[], object],
        stack: str = ...,
        config: Mapping[str, str] = ...,
        rulesets: Sequence[dict[str, Any]] = ...,
        answers: Mapping[str, Any] = ...,
        preview: bool = ...,
    ) -> Recorded: ...


@contextmanager
def recorder() -> Iterator[Deploy]:
    """Runs programs to their end as project `culvert` and returns what they registered.

    `answers` are those to look-ups, by the function's name (`getDnsRecords`); a string is the error of a failed one.
    """
    loop = asyncio.new_event_loop()

    def run(
        program: Callable[[], object],
        stack: str = "dev",
        config: Mapping[str, str] | None = None,
        rulesets: Sequence[dict[str, Any]] = (),
        answers: Mapping[str, Any] | None = None,
        preview: bool = False,
    ) -> Recorded:
        recorded, cloud = Recorded(), _Cloud(rulesets, answers or {})
        settings.reset_options(project="culvert", stack=stack)
        pulumi.runtime.set_all_config(dict(config or {}))
        mocks.set_mocks(cloud, project="culvert", stack=stack, preview=preview, monitor=_Monitor(recorded, cloud))
        settings.set_root_resource(None)  # pyright: ignore[reportArgumentType]
        # A program under mocks reads no cluster but the one that its configuration names.
        with mock.patch.dict(os.environ, {"KUBECONFIG": os.path.join(os.devnull, "kubeconfig")}):
            loop.run_until_complete(run_in_stack(lambda: _run(program)))
        return recorded

    # A thread's stack is short. The SDK sends the whole stack with each resource, and that of a test is long.
    with ThreadPoolExecutor(max_workers=1, initializer=asyncio.set_event_loop, initargs=(loop,)) as thread:
        yield lambda *args, **kwargs: thread.submit(run, *args, **kwargs).result()
    loop.close()
    settings.reset_options()
    pulumi.runtime.set_all_config({})
