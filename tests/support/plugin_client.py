"""A client of provider plugins over gRPC, and a minimal engine that deploys a few resources with it."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.providers.__main__ import serve
from sandbox.providers.values import Secret, from_struct, to_struct
from tests.support.paths import TRACES

DIFF_NONE = provider_pb2.DiffResponse.DIFF_NONE


def trace(name: str) -> Any:
    """A recording of the official plugins: calls or state, with secrets replaced."""
    return json.loads((TRACES / f"{name}.json").read_text())


class PluginError(Exception):
    """The error that the engine would report: a failed check, or an error of the provider."""


@dataclass
class ResourceState:
    """The entry of one resource in the engine's state."""

    type: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """One resource of a program; its `inputs` may depend on the state of earlier ones."""

    name: str
    type: str
    inputs: Callable[[Mapping[str, ResourceState]], dict[str, Any]]


class Plugin:
    """One provider plugin: gRPC calls that take and return plain values."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub, port: int) -> None:
        self._stub = stub
        self.port = port

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request)
        except grpc.RpcError as error:
            raise PluginError(error.details()) from error  # pyright: ignore[reportAttributeAccessIssue]

    def configure(self, **args: Any) -> Any:
        return self.call("Configure", provider_pb2.ConfigureRequest(args=to_struct(args), acceptSecrets=True))

    def check(
        self, type: str, news: dict[str, Any], olds: Mapping[str, Any] | None = None, name: str = "one"
    ) -> dict[str, Any]:
        values: dict[str, Any] = {
            "news": to_struct(news),
            "olds": to_struct(olds or {}),
            "randomSeed": secrets.token_bytes(32),
        }
        request = provider_pb2.CheckRequest(urn=urn(type, name), name=name, type=type, **values)
        checked = self.call("Check", request)
        if checked.failures:
            raise PluginError("; ".join(f"{failure.property}: {failure.reason}" for failure in checked.failures))
        return from_struct(checked.inputs)

    def create(
        self, type: str, inputs: dict[str, Any], preview: bool = False, name: str = "one", timeout: float = 0
    ) -> ResourceState:
        request = provider_pb2.CreateRequest(
            urn=urn(type, name), name=name, type=type, properties=to_struct(inputs), preview=preview, timeout=timeout
        )
        response = self.call("Create", request)
        return ResourceState(type, response.id, inputs, from_struct(response.properties))

    def diff(self, state: ResourceState, news: dict[str, Any], ignore_changes: Iterable[str] = ()) -> Any:
        values: dict[str, Any] = {"olds": to_struct(state.outputs), "old_inputs": to_struct(state.inputs)}
        values |= {"news": to_struct(news), "ignoreChanges": ignore_changes}
        request = provider_pb2.DiffRequest(id=state.id, urn=urn(state.type), type=state.type, name="one", **values)
        return self.call("Diff", request)

    def update(
        self, state: ResourceState, news: dict[str, Any], preview: bool = False, ignore_changes: Iterable[str] = ()
    ) -> ResourceState:
        values: dict[str, Any] = {"olds": to_struct(state.outputs), "old_inputs": to_struct(state.inputs)}
        values |= {"news": to_struct(news), "preview": preview, "ignoreChanges": ignore_changes}
        request = provider_pb2.UpdateRequest(id=state.id, urn=urn(state.type), type=state.type, name="one", **values)
        response = self.call("Update", request)
        return ResourceState(state.type, state.id, news, from_struct(response.properties))

    def read(self, state: ResourceState) -> ResourceState | None:
        """The resource's current state, or None if it does not exist. Without outputs and inputs, it is an import."""
        olds: dict[str, Any] = {"properties": to_struct(state.outputs), "inputs": to_struct(state.inputs)}
        response = self.call(
            "Read", provider_pb2.ReadRequest(id=state.id, urn=urn(state.type), type=state.type, name="one", **olds)
        )
        return (
            ResourceState(state.type, response.id, from_struct(response.inputs), from_struct(response.properties))
            if response.id
            else None
        )

    def delete(self, state: ResourceState) -> None:
        request = provider_pb2.DeleteRequest(
            id=state.id, urn=urn(state.type), type=state.type, name="one", properties=to_struct(state.outputs)
        )
        self.call("Delete", request)

    def invoke(self, token: str, **args: Any) -> dict[str, Any]:
        response = self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=to_struct(args)))
        return from_struct(getattr(response, "return"))


@dataclass
class MiniEngine:
    """Deploys programs sequentially, by the engine's rules."""

    plugin: Plugin
    state: dict[str, ResourceState] = field(default_factory=dict)

    def up(self, program: list[Goal]) -> dict[str, str]:
        """Each resource's step by name: create, update, replace, delete or same."""
        steps = {goal.name: self._step(goal) for goal in program}
        for name in [name for name in reversed(self.state) if name not in steps]:
            self.plugin.delete(self.state.pop(name))
            steps[name] = "delete"
        return steps

    def _step(self, goal: Goal) -> str:
        old = self.state.get(goal.name)
        inputs = goal.inputs(self.state)
        news = self.plugin.check(goal.type, inputs, old.inputs if old else None, goal.name)
        if old is None:
            self.state[goal.name] = self.plugin.create(goal.type, news, name=goal.name)
            return "create"
        diff = self.plugin.diff(old, news)
        if diff.changes == DIFF_NONE:
            self.state[goal.name] = ResourceState(old.type, old.id, news, old.outputs)
            return "same"
        if not diff.replaces:
            self.state[goal.name] = self.plugin.update(old, news)
            return "update"
        news = self.plugin.check(goal.type, inputs, None, goal.name)
        if diff.deleteBeforeReplace:
            self.plugin.delete(old)
        self.state[goal.name] = self.plugin.create(goal.type, news, name=goal.name)
        if not diff.deleteBeforeReplace:
            self.plugin.delete(old)
        return "replace"

    def refresh(self) -> dict[str, str]:
        """Each resource's change by name, as a refresh reports it: same, update or gone."""
        changes = {}
        for name, state in list(self.state.items()):
            current = self.plugin.read(state)
            if current is None:
                del self.state[name]
                changes[name] = "gone"
            else:
                changes[name] = "same" if current.outputs == state.outputs else "update"
                self.state[name] = current
        return changes

    def destroy(self) -> None:
        for name in reversed(list(self.state)):
            self.plugin.delete(self.state.pop(name))


def urn(type: str, name: str = "one") -> str:
    return f"urn:pulumi:dev::rig::{type}::{name}"


@contextmanager
def running_plugin(name: str) -> Iterator[Plugin]:
    """A stand-in on a port of its own."""
    servers, ports = serve([name])
    try:
        with connect(ports[name]) as plugin:
            yield plugin
    finally:
        for server in servers:
            server.stop(grace=None)


@contextmanager
def connect(port: int) -> Iterator[Plugin]:
    """A connection to a stand-in, like an engine's."""
    # The metadata of an error contains the object that is not ready; the engine accepts up to 16 MB of it.
    options = [(f"grpc.{limit}max_metadata_size", 2**24) for limit in ("", "absolute_")]
    options.append(("grpc.use_local_subchannel_pool", 1))
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel), port)


def mask_secrets(value: Any) -> Any:
    """`value` with `{"secret": true}` in place of secrets, as in the recordings."""
    if isinstance(value, Secret):
        return {"secret": True}
    if isinstance(value, Mapping):
        return {name: mask_secrets(item) for name, item in value.items()}
    return [mask_secrets(item) for item in value] if isinstance(value, list) else value
