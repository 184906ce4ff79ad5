"""A fake language host for Python, for `pulumi new`: an engine built from its Go module has none."""

import signal
from concurrent import futures

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2


class _Host(language_pb2_grpc.LanguageRuntimeServicer):
    def Handshake(self, request: object, context: object):
        del request, context
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: object, context: object) -> plugin_pb2.PluginInfo:
        del request, context
        return plugin_pb2.PluginInfo(version="0.0.0")

    def RuntimeOptionsPrompts(self, request: object, context: object):
        del request, context
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: object, context: object):
        del request, context
        # The test runs the project with its own Python packages.
        yield language_pb2.InstallDependenciesResponse(stdout=b"")


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Host(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    server.wait_for_termination()
