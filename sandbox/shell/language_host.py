"""A language host for Python, for an engine without one: the engine that the sandbox builds stands alone."""

import runpy
import signal
import subprocess
import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """What the engine asks of every language host before it runs a program."""

    engine = ""
    """The engine's address, from the handshake on."""

    def Handshake(self, request: Any, context: object) -> language_pb2.LanguageHandshakeResponse:
        del context
        self.engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: object, context: object) -> plugin_pb2.PluginInfo:
        del request, context
        return plugin_pb2.PluginInfo(version="0.0.0")


class Host(LanguageHost, LanguageServer):
    """Runs the program in this process, as the engine of the Automation API does."""

    def __init__(self) -> None:
        self._folder = Path()
        super().__init__(self._run_program)

    def RuntimeOptionsPrompts(self, request: object, context: object) -> language_pb2.RuntimeOptionsResponse:
        del request, context
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: object) -> Any:
        """`pulumi install`: the program's packages, into the .venv that Pulumi.yaml names."""
        del context
        folder = Path(request.info.program_directory or request.directory)
        python, requirements = folder / ".venv" / "bin" / "python", folder / "requirements.txt"
        commands = [[str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)]]
        if not python.exists():
            commands.insert(0, [sys.executable, "-m", "venv", str(folder / ".venv")])
        for command in commands:
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            yield language_pb2.InstallDependenciesResponse(stdout=done.stdout)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}")

    def Run(self, request: Any, context: Any) -> Any:
        self._folder = Path(request.info.program_directory or request.pwd)
        # The Automation API passes the engine's address here.
        request.args[:] = [self.engine]
        result = super().Run(request, context)
        # The error is in the engine's log already: `bail` keeps the engine from reporting it a second time.
        return language_pb2.RunResponse(bail=bool(result.error))

    def RunPlugin(self, request: Any, context: Any) -> Any:
        """A policy pack or a package in Python. What it writes on standard error is in this process's, too."""
        command = [sys.executable, "-u", request.info.program_directory or request.program, *request.args]
        environment = dict(variable.split("=", 1) for variable in request.env)
        with subprocess.Popen(command, cwd=request.pwd, env=environment or None, stdout=subprocess.PIPE) as process:
            # The engine ends the call where it needs the plugin no more.
            context.add_callback(process.terminate)
            assert process.stdout is not None
            for line in process.stdout:
                yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=process.returncode)

    def _run_program(self) -> None:
        if str(self._folder) not in sys.path:
            sys.path.insert(0, str(self._folder))
        runpy.run_path(str(self._folder / "__main__.py"), run_name="__main__")


def serve(host: LanguageHost) -> None:
    """Serves until the engine ends this process."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    print(port, flush=True)
    server.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.wait_for_termination()


def main() -> None:
    """Serves the language host for Python."""
    serve(Host())
