"""gRPC server for the engine's analyzer protocol, which policy packs speak.

Pulumi's own policy SDK is not used, for three reasons. It removes the secret markers before a policy sees a value, so
no policy could tell a plain token from a secret one. It skips a policy in a preview as soon as that policy reads an
unknown value. And it pins an older protobuf. The protocol's stubs come with `pulumi`.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto
"""

import os
import signal
import sys
import threading
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2 as protocol
from pulumi.runtime.proto import analyzer_pb2_grpc, plugin_pb2

from policy import engine_values, environments
from policy.rule import Rule, violations
from policy.rules import ALL
from policy.stack import Resource, Stack

NAME = "culvert"
VERSION = "0.1.0"
DOCUMENTATION = "docs/policy-pack.md"
_LEVELS = {"advisory": protocol.ADVISORY, "mandatory": protocol.MANDATORY, "disabled": protocol.DISABLED}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Validates one stack: each resource before it is created, and the whole stack at the end."""

    def __init__(self) -> None:
        self._config = environments.resolve_config({}, list(ALL))
        self._configuration: dict[str, str] = {}

    def Handshake(self, request: Any, context: Any) -> Any:
        del request, context
        return protocol.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:
        del request, context
        return protocol.AnalyzerInfo(
            name=NAME,
            displayName="culvert policy rules",
            version=VERSION,
            supportsConfig=True,
            policies=[_info(rule) for rule in ALL],
        )

    def Configure(self, request: Any, context: Any) -> Any:
        """Stores this environment's levels and options. Rejects unknown rules and options, which the engine itself
        accepts."""
        configuration = {
            name: {
                "enforcementLevel": protocol.EnforcementLevel.Name(config.enforcementLevel).lower(),
                **json_format.MessageToDict(config.properties),
            }
            for name, config in request.policyConfig.items()
            if name != "all"
        }
        try:
            self._config = environments.resolve_config(configuration, list(ALL))
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{error}; {DOCUMENTATION} lists them")
        return empty_pb2.Empty()

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        del context
        self._configuration = dict(request.config)
        return protocol.AnalyzerStackConfigureResponse()

    def Analyze(self, request: Any, context: Any) -> Any:
        """Violations that one resource shows alone, before it is created."""
        del context
        return self._respond([request], "resource")

    def AnalyzeStack(self, request: Any, context: Any) -> Any:
        """Violations that need the whole stack, at the end of a preview or an update."""
        del context
        return self._respond(request.resources, "stack")

    def Remediate(self, request: Any, context: Any) -> Any:
        """Changes nothing: a rule names the remedy, and people apply it."""
        del request, context
        return protocol.RemediateResponse()

    def _respond(self, resources: Any, scope: str) -> Any:
        stack = Stack(tuple(_resource(resource) for resource in resources), self._configuration)
        broken = violations(stack, ALL, self._config, scope)
        return protocol.AnalyzeResponse(
            diagnostics=[
                protocol.AnalyzeDiagnostic(
                    policyName=violation.rule.name,
                    policyPackName=NAME,
                    policyPackVersion=VERSION,
                    description=violation.rule.description,
                    message=f"{violation.message}\nWhat to do: {violation.rule.remedy}",
                    enforcementLevel=_LEVELS[violation.enforcement_level],
                    urn=violation.resource.urn,
                )
                for violation in broken
            ]
        )


def _resource(request: Any) -> Resource:
    return Resource(
        type=request.type,
        name=request.name,
        properties=engine_values.read(request.properties, secrets=True),
        shown=engine_values.read(request.properties, secrets=False),
        urn=request.urn,
        protect=request.options.protect,
        ignored=frozenset(request.options.ignoreChanges),
    )


def _info(rule: Rule) -> Any:
    info = protocol.PolicyInfo(
        name=rule.name,
        description=rule.description,
        enforcementLevel=_LEVELS[rule.enforcement_level],
        policy_type=protocol.POLICY_TYPE_RESOURCE if rule.scope == "resource" else protocol.POLICY_TYPE_STACK,
        remediation_steps=rule.remedy,
    )
    for name, schema in rule.options.items():
        info.configSchema.properties.update({name: dict(schema)})
    return info


def serve() -> None:
    """Serves the engine that started this process, until the engine stops it or exits."""
    parent, done = os.getppid(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    # The engine's own limit: AnalyzeStack sends all resources of a stack in one message.
    options = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=options)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
    # The engine reads the port from the first line of standard output.
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    # A killed engine sends no signal, but then this process has another parent.
    while not done.wait(1) and os.getppid() == parent:
        pass
    server.stop(None)
    sys.stdout.flush()
