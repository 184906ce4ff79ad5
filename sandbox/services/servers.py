"""The server processes of a sandbox: the commands that start them and the ports they listen on."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from sandbox import cluster, tools
from sandbox.cluster.external import check_external, external_kubeconfig
from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.edge import delays
from sandbox.edge.delays import EdgeDelays
from sandbox.errors import SandboxError
from sandbox.kubelet.kwok_stages import exclude_connector_pods
from sandbox.secret_operators import sealed_secrets
from sandbox.tools.processes import Supervisor
from sandbox.tools.tool import Progress


def other_version(server: str, difference: str) -> SandboxError:
    """The error for a server that an earlier or later version of culvert has started."""
    command = "python -m sandbox down"
    return SandboxError(
        f"the server {server!r} runs, but {difference}: another version of culvert started it. Stop it with: {command}",
        key="sandbox",
        value=server,
        accepted=f"servers of this version: {command}, then python -m sandbox up",
    )


class Servers:
    """Starts the servers of one sandbox. A server that runs is left alone.

    Each is a package with a `__main__.py`, which writes its ports to `run/NAME.port` once it accepts connections.
    """

    def __init__(self, directory: SandboxDirectory, progress: Progress) -> None:
        self._directory = directory
        self._progress = progress
        self._supervisor = Supervisor(directory.path)
        self.running = self._supervisor.running
        self.names = self._supervisor.names
        self.stop = self._supervisor.stop
        self.stop_all = self._supervisor.stop_all

    def ports(self, name: str) -> dict[str, int]:
        return json.loads(self._port_file(name).read_text())

    def port(self, server: str, name: str) -> int:
        """One port of a server. Raises `SandboxError` if a running server is of a version that does not report it."""
        try:
            return int(self.ports(server)[name])
        except (OSError, ValueError, KeyError, TypeError):
            raise other_version(server, f"it does not report its port {name!r}") from None

    def start_cloudflare(self) -> None:
        """The emulated Cloudflare API."""
        if not self.running("cloudflare"):
            self._progress("starting the emulated Cloudflare API")
            database = self._directory.path / "cloudflare.sqlite3"
            self._start(
                "cloudflare", ["--database", database], {"CULVERT_SANDBOX_ADMIN": self._directory.secret("admin")}
            )

    def kubeconfig(self) -> Path:
        """The kubeconfig of the external cluster, else of the embedded one, which exists once that has started."""
        return external_kubeconfig() or cluster.kubeconfig(self._directory.path)

    def start_cluster(
        self, *, real_connectors: bool, rollouts_wait: bool, meanwhile: Callable[[], object] = lambda: None
    ) -> Path:
        """The embedded cluster, or a check that the external one answers; returns the kubeconfig.

        `rollouts_wait`: the embedded cluster's rollouts wait for `minReadySeconds`. `meanwhile` is called while an API
        server starts, and not where one runs.
        """
        if external := external_kubeconfig():
            check_external(external)
            return external
        stages = cluster.stages(rollouts_wait=rollouts_wait)
        stages = exclude_connector_pods(stages) if real_connectors else stages
        programs = tools.ensure(cluster.PROGRAMS, self._progress)
        definitions = partial(cluster.definitions, self._progress)
        return cluster.start(
            self._directory.path, programs, self._supervisor, self._progress, stages, definitions, meanwhile
        )

    def edge_delays(self, environ: Mapping[str, str] = os.environ) -> EdgeDelays:
        """The delays of the edge: those it runs with, else the environment's.

        Raises `SandboxError` if the environment has invalid ones, or others than the running edge.
        """
        wanted = delays.from_environment(environ)
        if not self.running("edge"):
            return wanted
        try:
            current = EdgeDelays(**json.loads(self._port_file("edge").read_text())["delays"])
        except (OSError, ValueError, KeyError, TypeError):
            raise other_version("edge", "it does not report its delays") from None
        for name in delays.NAMES:
            key, runs, asked = delays.variable(name), getattr(current, name), getattr(wanted, name)
            if environ.get(key) and runs != asked:
                raise SandboxError(
                    f"{key} is {environ[key]!r}, but the edge runs with {runs:g}: it keeps the delays it was started "
                    "with. Stop it with: python -m sandbox down",
                    key=key,
                    value=environ[key],
                    accepted=f"{runs:g}, or any other value after: python -m sandbox down",
                )
        return current

    def start_edge(self, edge_delays: EdgeDelays) -> None:
        """Cloudflare's edge, for connectors and visitors."""
        if not self.running("edge"):
            self._progress("starting the emulated edge")
            self._start("edge", ["--home", self._directory.path, *edge_delays.arguments()])

    def start_kubelet(self, cloudflared: tools.Tool, kubeconfig: Path, *, rollouts_wait: bool, enforced: bool) -> None:
        """The kubelet that runs the connector's pods as processes; with `enforced`, network policies apply to them.

        Restarted if the running one differs in that.
        """
        if self.running("kubelet") and self.enforces_policies() is enforced:
            return
        self._progress("running the connector's pods with cloudflared")
        arguments = ["--home", self._directory.path, "--kubeconfig", kubeconfig, "--cloudflared", cloudflared.path]
        arguments += ["--edge", self._port_file("edge"), "--policy", "on" if enforced else "off"]
        self._start("kubelet", [*arguments, "--rollouts-wait"] if rollouts_wait else arguments)

    def enforces_policies(self) -> bool:
        """Whether the running kubelet applies network policies. Raises `SandboxError` if it is of another version."""
        try:
            enforced = json.loads(self._port_file("kubelet").read_text())["policy"]
        except (OSError, ValueError, KeyError, TypeError):
            enforced = None
        if not isinstance(enforced, bool):
            raise other_version("kubelet", "it does not report whether it applies network policies")
        return enforced

    def start_secret_operators(self, delivery: str, kubeconfig: Path) -> None:
        """What `culvert:token` with this delivery expects in a cluster. An external cluster has its own."""
        if external_kubeconfig() or delivery == "secret":
            return
        if delivery == "sealed":
            sealed_secrets.start(self._directory, kubeconfig, self._supervisor, self._progress)
        elif not self.running("secret_operators"):
            self._progress("starting the emulated secret operators")
            self._start("secret_operators", ["--home", self._directory.path, "--kubeconfig", kubeconfig])

    def start_providers(self, names: Iterable[str], env: Mapping[str, str]) -> None:
        """The stand-ins of these providers; restarted if others are running."""
        names = sorted(names)
        serving = sorted(self.ports("providers")) if self._port_file("providers").exists() else []
        if self.running("providers") and serving == names:
            return
        self.stop("providers")
        self._port_file("providers").unlink(missing_ok=True)
        if names:
            self._progress(f"starting the stand-in providers: {', '.join(names)}")
            self._start("providers", ["--only", ",".join(names)], env)

    def _start(self, name: str, arguments: Iterable[str | Path], env: Mapping[str, str] | None = None) -> None:
        port_file = self._port_file(name)
        port_file.unlink(missing_ok=True)
        self._supervisor.start(
            name,
            [sys.executable, "-m", f"sandbox.{name}", "--port-file", port_file, *arguments],
            {**(env or {}), "PYTHONPATH": str(PROJECT)},
            ready=port_file.exists,
            timeout=60,
        )

    def _port_file(self, name: str) -> Path:
        return self._directory.path / "run" / f"{name}.port"
