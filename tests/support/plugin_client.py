"""A stand-in reached over gRPC as the engine reaches it, and as much of an engine as a few resources take."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.providers.__main__ import serve
from sandbox.providers.values import Secret, from_struct, to_struct
from tests.support.paths import TRACES

"""Recordings of the official plugins: calls made and state kept; secrets in them were replaced."""

DIFF_NONE = provider_pb2.DiffResponse.DIFF_NONE


def trace(name: str) -> Any:
    return json.loads((TRACES / f"{name}.json").read_text())


class Refusal(Exception):
    """What the engine would show: a check that failed, or an error of the provider."""


@dataclass
class Kept:
    """What the engine's state keeps of one resource."""

    type: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One resource of a program; `inputs` may use what earlier ones became."""

    name: str
    type: str
    inputs: Callable[[Mapping[str, Kept]], dict[str, Any]]


class Plugin:
    """One provider behind its gRPC stub, speaking plain values."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub, port: int) -> None:
        self._stub = stub
        self.port = port

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request)
        except grpc.RpcError as error:
            raise Refusal(error.details()) from error  # pyright: ignore[reportAttributeAccessIssue]

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
            raise Refusal("; ".join(f"{failure.property}: {failure.reason}" for failure in checked.failures))
        return from_struct(checked.inputs)

    def create(
        self, type: str, inputs: dict[str, Any], preview: bool = False, name: str = "one", timeout: float = 0
    ) -> Kept:
        request = provider_pb2.CreateRequest(
            urn=urn(type, name), name=name, type=type, properties=to_struct(inputs), preview=preview, timeout=timeout
        )
        made = self.call("Create", request)
        return Kept(type, made.id, inputs, from_struct(made.properties))

    def diff(self, kept: Kept, news: dict[str, Any]) -> Any:
        olds: dict[str, Any] = {"olds": to_struct(kept.outputs), "old_inputs": to_struct(kept.inputs)}
        request = provider_pb2.DiffRequest(
            id=kept.id, urn=urn(kept.type), type=kept.type, name="one", news=to_struct(news), **olds
        )
        return self.call("Diff", request)

    def update(self, kept: Kept, news: dict[str, Any], preview: bool = False) -> Kept:
        olds: dict[str, Any] = {"olds": to_struct(kept.outputs), "old_inputs": to_struct(kept.inputs)}
        request = provider_pb2.UpdateRequest(
            id=kept.id, urn=urn(kept.type), type=kept.type, name="one", news=to_struct(news), preview=preview, **olds
        )
        made = self.call("Update", request)
        return Kept(kept.type, kept.id, news, from_struct(made.properties))

    def read(self, kept: Kept) -> Kept | None:
        """As a refresh does; without outputs and inputs it is an import."""
        olds: dict[str, Any] = {"properties": to_struct(kept.outputs), "inputs": to_struct(kept.inputs)}
        found = self.call(
            "Read", provider_pb2.ReadRequest(id=kept.id, urn=urn(kept.type), type=kept.type, name="one", **olds)
        )
        return Kept(kept.type, found.id, from_struct(found.inputs), from_struct(found.properties)) if found.id else None

    def delete(self, kept: Kept) -> None:
        request = provider_pb2.DeleteRequest(
            id=kept.id, urn=urn(kept.type), type=kept.type, name="one", properties=to_struct(kept.outputs)
        )
        self.call("Delete", request)

    def invoke(self, token: str, **args: Any) -> dict[str, Any]:
        found = self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=to_struct(args)))
        return from_struct(getattr(found, "return"))


@dataclass
class Engine:
    """Deploys programs one resource after the other, by the engine's rules."""

    plugin: Plugin
    state: dict[str, Kept] = field(default_factory=dict)

    def up(self, program: list[Wanted]) -> dict[str, str]:
        """Name → create, update, replace, delete or same."""
        done = {wanted.name: self._step(wanted) for wanted in program}
        for name in [name for name in reversed(self.state) if name not in done]:
            self.plugin.delete(self.state.pop(name))
            done[name] = "delete"
        return done

    def _step(self, wanted: Wanted) -> str:
        old = self.state.get(wanted.name)
        inputs = wanted.inputs(self.state)
        news = self.plugin.check(wanted.type, inputs, old.inputs if old else None, wanted.name)
        if old is None:
            self.state[wanted.name] = self.plugin.create(wanted.type, news, name=wanted.name)
            return "create"
        diff = self.plugin.diff(old, news)
        if diff.changes == DIFF_NONE:
            self.state[wanted.name] = Kept(old.type, old.id, news, old.outputs)
            return "same"
        if not diff.replaces:
            self.state[wanted.name] = self.plugin.update(old, news)
            return "update"
        news = self.plugin.check(wanted.type, inputs, None, wanted.name)
        if diff.deleteBeforeReplace:
            self.plugin.delete(old)
        self.state[wanted.name] = self.plugin.create(wanted.type, news, name=wanted.name)
        if not diff.deleteBeforeReplace:
            self.plugin.delete(old)
        return "replace"

    def refresh(self) -> dict[str, str]:
        """Name → same, update or gone: what a refresh would say."""
        told = {}
        for name, kept in list(self.state.items()):
            found = self.plugin.read(kept)
            if found is None:
                del self.state[name]
                told[name] = "gone"
            else:
                told[name] = "same" if found.outputs == kept.outputs else "update"
                self.state[name] = found
        return told

    def destroy(self) -> None:
        for name in reversed(list(self.state)):
            self.plugin.delete(self.state.pop(name))


def urn(type: str, name: str = "one") -> str:
    return f"urn:pulumi:dev::rig::{type}::{name}"


@contextmanager
def attached(name: str) -> Iterator[Plugin]:
    """A stand-in of its own, on a port of its own."""
    servers, ports = serve([name])
    try:
        with engine(ports[name]) as plugin:
            yield plugin
    finally:
        for server in servers:
            server.stop(grace=None)


@contextmanager
def engine(port: int) -> Iterator[Plugin]:
    """The connection of one engine to a stand-in."""
    # An object that never became ready comes with the error's metadata, of which the engine takes 16 MB.
    options = [(f"grpc.{limit}max_metadata_size", 2**24) for limit in ("", "absolute_")]
    options.append(("grpc.use_local_subchannel_pool", 1))
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel), port)


def veiled(value: Any) -> Any:
    """As the scrubbed recordings show a state: `{"secret": true}` where a secret is."""
    if isinstance(value, Secret):
        return {"secret": True}
    if isinstance(value, Mapping):
        return {name: veiled(item) for name, item in value.items()}
    return [veiled(item) for item in value] if isinstance(value, list) else value
