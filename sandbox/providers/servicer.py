"""The engine's resource-provider protocol over gRPC, for all stand-ins.

Source: `proto/pulumi/provider.proto` of the engine; the stubs come with the Python SDK.
"""

# ruff: noqa: ARG002 - the signatures are the protocol's

import logging
import threading
import weakref
from functools import partial
from importlib.metadata import version
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.providers.interface import Engine, NotReady, Provider, ProviderError, Request
from sandbox.providers.values import from_struct, plain, to_struct

log = logging.getLogger(__name__)


DIFF_KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one `Provider` to several engines; calls are concurrent."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.version = version(f"pulumi-{provider.name}")
        self._running: dict[str, weakref.WeakSet[threading.Event]] = {}
        self._engines: dict[str, Engine] = {}
        self._logs: dict[str, str] = {}
        """Both by the connection that an engine has made: the engine, and the address of its log."""
        self._lock = threading.Lock()

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        schema = f'{{"name": "{self.provider.name}", "version": "{self.version}"}}'
        return provider_pb2.GetSchemaResponse(schema=schema)

    def Attach(self, request: Any, context: Any) -> Any:
        # The first call of an engine; an earlier one may have had a connection from the same port.
        with self._lock:
            self._logs[context.peer()], self._engines[context.peer()] = request.address, Engine()
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        # Each engine has its own connection, and cancels the calls of that connection only.
        with self._lock:
            for stopped in self._running.get(context.peer(), ()):
                stopped.set()
        return empty_pb2.Empty()

    def _request(self, message: Any, context: Any, **values: Any) -> Request:
        """Older engines send only the URN: `urn:pulumi:stack::project::parent$type::name`."""
        stopped = threading.Event()
        context.add_callback(stopped.set)  # when the call ends or the engine is gone
        with self._lock:
            self._running.setdefault(context.peer(), weakref.WeakSet()).add(stopped)
            engine = self._engines.setdefault(context.peer(), Engine())
            address = self._logs.get(context.peer(), "")
        warn = partial(_warn, address, message.urn)
        qualified, _, name = message.urn.split("::", 2)[2].partition("::")
        type = message.type or qualified.rpartition("$")[2]
        return Request(type, message.name or name, message.urn, stopped=stopped, engine=engine, warn=warn, **values)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        # Without a difference, the engine configures the provider as in the state.
        changed = plain(from_struct(request.news)) != plain(from_struct(request.old_inputs or request.olds))
        kinds = provider_pb2.DiffResponse
        return kinds(changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            self.provider.configure(plain(from_struct(request.args)))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            inputs, news = from_struct(request.olds), from_struct(request.news)
            checked, failed = self.provider.check(
                self._request(request, context, inputs=inputs, news=news, seed=request.randomSeed)
            )
        failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failed.items()]
        return provider_pb2.CheckResponse(inputs=to_struct(checked), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            values = {"news": from_struct(request.news), "ignore_changes": tuple(request.ignoreChanges)}
            olds = {"outputs": from_struct(request.olds), "inputs": from_struct(request.old_inputs)}
            diff = self.provider.diff(self._request(request, context, id=request.id, **values, **olds))
        answer = provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if diff.changes else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=list(diff.changes) if not diff.detailed else [],
            replaces=[path for path, change in diff.changes.items() if change.replace],
            deleteBeforeReplace=diff.delete_first,
            hasDetailedDiff=diff.detailed,
        )
        if diff.detailed:
            for path, change in diff.changes.items():
                kind = DIFF_KINDS[change.kind, change.replace]
                answer.detailedDiff[path].CopyFrom(provider_pb2.PropertyDiff(kind=kind, inputDiff=change.of_inputs))
        return answer

    def Create(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            values = {"news": from_struct(request.properties), "timeout": request.timeout, "preview": request.preview}
            id, outputs = self.provider.create(self._request(request, context, **values))
        return provider_pb2.CreateResponse(id=id, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            olds = {"outputs": from_struct(request.properties), "inputs": from_struct(request.inputs)}
            found = self.provider.read(self._request(request, context, id=request.id, **olds))
        if found is None:
            return provider_pb2.ReadResponse()
        id, outputs, inputs = found
        return provider_pb2.ReadResponse(id=id, properties=to_struct(outputs), inputs=to_struct(inputs))

    def Update(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            values = {"news": from_struct(request.news), "timeout": request.timeout, "preview": request.preview}
            values["ignore_changes"] = tuple(request.ignoreChanges)
            olds = {"outputs": from_struct(request.olds), "inputs": from_struct(request.old_inputs)}
            outputs = self.provider.update(self._request(request, context, id=request.id, **values, **olds))
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            olds = {"outputs": from_struct(request.properties), "inputs": from_struct(request.old_inputs)}
            self.provider.delete(self._request(request, context, id=request.id, timeout=request.timeout, **olds))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        with ErrorMapping(context):
            found = self.provider.invoke(request.tok, plain(from_struct(request.args)))
        answer = provider_pb2.InvokeResponse()
        getattr(answer, "return").CopyFrom(to_struct(found))
        return answer


def _warn(address: str, urn: str, message: str) -> None:
    """Writes to the log of the engine at this address; without one, as in a test, nowhere."""
    if not address:
        return
    request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message, urn=urn)
    with grpc.insecure_channel(address) as channel:
        engine_pb2_grpc.EngineStub(channel).Log(request)


class ErrorMapping:
    """Maps exceptions of a provider to errors of the protocol. A bug is reported by its location, never with values."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, NotReady):
            self._not_ready(error)
        if isinstance(error, ProviderError):
            self.context.abort(grpc.StatusCode.UNKNOWN, str(error))
        if isinstance(error, Exception):
            location = "?"
            while trace:
                module = trace.tb_frame.f_globals.get("__name__", "")
                location = f"{module}:{trace.tb_lineno}" if module.startswith("sandbox.") else location
                trace = trace.tb_next
            message = f"the stand-in provider failed: {type(error).__name__} at {location}"
            log.error(message)
            self.context.abort(grpc.StatusCode.INTERNAL, message)

    def _not_ready(self, error: NotReady) -> NoReturn:
        failed = provider_pb2.ErrorResourceInitFailed(
            id=error.id, properties=to_struct(error.outputs), inputs=to_struct(error.inputs), reasons=[str(error)]
        )
        details = any_pb2.Any()
        details.Pack(failed)
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[details])
        self.context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        self.context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise AssertionError("unreachable: abort raises")
