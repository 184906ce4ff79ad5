"""A language host for Node.js that runs compiled programs: the official one is not available as a Go module.

It starts the runner of the npm package `@pulumi/pulumi` in the program's folder, as the official host does:
https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2

from sandbox.shell.language_host import LanguageHost, serve

RUNNER = "node_modules/@pulumi/pulumi/cmd/run/index.js"


class _Host(LanguageHost):
    def GetRequiredPackages(self, request: object, context: object) -> language_pb2.GetRequiredPackagesResponse:
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: object, context: object) -> language_pb2.GetRequiredPluginsResponse:
        del request, context
        return language_pb2.GetRequiredPluginsResponse()

    def Cancel(self, request: object, context: object) -> empty_pb2.Empty:
        del request, context
        return empty_pb2.Empty()

    def Run(self, request: Any, context: object) -> language_pb2.RunResponse:
        del context
        folder = Path(request.info.program_directory)
        options = {
            "organization": request.organization,
            "project": request.project,
            "stack": request.stack,
            "root-directory": request.info.root_directory,
            "pwd": request.pwd,
            "monitor": request.monitor_address,
            "engine": self.engine,
            "parallel": request.parallel,
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        env = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        dry_run = ["--dry-run"] if request.dryRun else []
        command = ["node", str(folder / RUNNER), *flags, *dry_run, str(folder)]
        completed = subprocess.run(command, cwd=request.pwd, env=env, capture_output=True, text=True)
        # 32: the runner has reported the error to the engine itself.
        if completed.returncode == 32:
            return language_pb2.RunResponse(bail=True)
        error = f"exit status {completed.returncode}: {completed.stderr[-3000:]}" if completed.returncode else ""
        return language_pb2.RunResponse(error=error)


if __name__ == "__main__":
    serve(_Host())
