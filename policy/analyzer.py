"""The rules behind the engine's protocol for policy packs.

Pulumi's own SDK for policies is not used: it takes the marks off secrets before a policy sees them, so that no policy could tell
a plain token from a hidden one; it leaves a policy out of a preview altogether as soon as that touches a value not known yet; and
it holds the project to an older protobuf. The protocol's stubs come with `pulumi`.
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
DOCUMENTATION = "docs/guard-rails.md"
_LEVELS = {"advisory": protocol.ADVISORY, "mandatory": protocol.MANDATORY, "disabled": protocol.DISABLED}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Judges one stack, resource by resource before each is made and as a whole at the end."""

    def __init__(self) -> None:
        self._settings = environments.settled({}, list(ALL))
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
            displayName="culvert's guard rails",
            version=VERSION,
            supportsConfig=True,
            policies=[_info(rule) for rule in ALL],
        )

    def Configure(self, request: Any, context: Any) -> Any:
        """Takes the levels and options of this environment; refuses what no rule knows, which the engine would let pass."""
        given = {
            name: {
                "enforcementLevel": protocol.EnforcementLevel.Name(config.enforcementLevel).lower(),
                **json_format.MessageToDict(config.properties),
            }
            for name, config in request.policyConfig.items()
            if name != "all"
        }
        try:
            self._settings = environments.settled(given, list(ALL))
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{error}; {DOCUMENTATION} lists them")
        return empty_pb2.Empty()

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        del context
        self._configuration = dict(request.config)
        return protocol.AnalyzerStackConfigureResponse()

    def Analyze(self, request: Any, context: Any) -> Any:
        """What a resource breaks by itself, before it is made."""
        del context
        return self._answer([request], "alone")

    def AnalyzeStack(self, request: Any, context: Any) -> Any:
        """What the resources of the stack break together, at the end of a preview or an update."""
        del context
        return self._answer(request.resources, "together")

    def Remediate(self, request: Any, context: Any) -> Any:
        """Nothing: a rule says what to do, and people do it."""
        del request, context
        return protocol.RemediateResponse()

    def _answer(self, resources: Any, when: str) -> Any:
        stack = Stack(tuple(_resource(resource) for resource in resources), self._configuration)
        found = violations(stack, ALL, self._settings, when)
        return protocol.AnalyzeResponse(
            diagnostics=[
                protocol.AnalyzeDiagnostic(
                    policyName=violation.rule.name,
                    policyPackName=NAME,
                    policyPackVersion=VERSION,
                    description=violation.rule.says,
                    message=f"{violation.message}\nWhat to do: {violation.rule.remedy}",
                    enforcementLevel=_LEVELS[violation.level],
                    urn=violation.resource.urn,
                )
                for violation in found
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
    )


def _info(rule: Rule) -> Any:
    info = protocol.PolicyInfo(
        name=rule.name,
        description=rule.says,
        enforcementLevel=_LEVELS[rule.level],
        policy_type=protocol.POLICY_TYPE_RESOURCE if rule.when == "alone" else protocol.POLICY_TYPE_STACK,
        remediation_steps=rule.remedy,
    )
    for name, schema in rule.options.items():
        info.configSchema.properties.update({name: dict(schema)})
    return info


def serve() -> None:
    """Serves the engine that started this process, until it says so or is gone."""
    parent, done = os.getppid(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    # The engine's own limit: a stack is one message.
    options = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=options)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
    # The engine reads the port from the first line.
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    # A killed engine cannot say so, but the process then has another parent.
    while not done.wait(1) and os.getppid() == parent:
        pass
    server.stop(None)
    sys.stdout.flush()
