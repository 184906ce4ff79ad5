"""All servers of a sandbox, as one command starts, reaches and stops them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from sandbox.cluster.external import external_kubeconfig
from sandbox.directory import SandboxDirectory
from sandbox.kubelet import cloudflared_binary
from sandbox.services import cluster_services, dry_run
from sandbox.services.admin_api import AdminApi
from sandbox.services.policy_enforcement import is_enforced
from sandbox.services.prerequisites import api_objects, create_cluster_objects
from sandbox.services.providers import choose_providers
from sandbox.services.servers import Servers
from sandbox.tools.tool import Progress, Tool

if TYPE_CHECKING:
    from clients.kubernetes import Object
    from settings import Settings

_ACQUISITION = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"


class SandboxServices:
    """The servers of one sandbox. `start` is idempotent: it keeps what runs and restarts what died."""

    def __init__(self, directory: SandboxDirectory, progress: Progress) -> None:
        self.directory = directory
        self._progress = progress
        self._servers = Servers(directory, progress)
        self._api = AdminApi(directory, self._servers)
        self._kubeconfig: Path | None = None
        self._started: list[str] = []
        """Names of the processes that this command started, and that it stops if interrupted."""
        self.calls = self._api.calls

    @property
    def running(self) -> bool:
        """Whether the emulated API runs, on which the other servers depend."""
        return self._servers.running("cloudflare")

    def processes(self) -> list[str]:
        return self._servers.names()

    def start(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Starts every server that does not run, and waits until all are ready. `meanwhile` is called while an API
        server starts.

        Raises `SandboxError` if a tool is not available or a server does not start; what this call started is stopped.
        """
        self.directory.create()
        with FileLock(self.directory.path / "start.lock"):
            running = set(self._servers.names())
            try:
                self._start_all(meanwhile)
            except BaseException:
                self._note_started(running)
                self.stop_started()
                raise
            self._note_started(running)

    def _start_all(self, meanwhile: Callable[[], object]) -> None:
        providers, enforced, delays = choose_providers(), is_enforced(), self._servers.edge_delays()
        stand_ins = [name for name, plugin in providers.items() if plugin.kind == "standin"]

        def start_without_cluster() -> None:
            self._servers.start_cloudflare()
            self._servers.start_edge(delays)
            self._servers.start_providers(stand_ins, self._provider_environment())

        def beside_cluster() -> None:
            start_without_cluster()
            meanwhile()

        cloudflared = None if external_kubeconfig() else self._cloudflared()
        self._kubeconfig = self._servers.kubeconfig()
        self._servers.start_cluster(
            real_connectors=cloudflared is not None,
            rollouts_wait=delays.rollouts_wait,
            meanwhile=beside_cluster,
        )
        # Does nothing where they were started beside the API server.
        start_without_cluster()
        if cloudflared:
            self._servers.start_kubelet(
                cloudflared, self._kubeconfig, rollouts_wait=delays.rollouts_wait, enforced=enforced
            )

    def _cloudflared(self) -> Tool | None:
        """cloudflared, or None. The command that starts the sandbox says what is missing, and the others do not."""
        if self.running:
            return cloudflared_binary.find()
        try:
            return cloudflared_binary.obtain(self._progress)
        except cloudflared_binary.CloudflaredMissing as reason:
            self._progress(
                f"{reason}\nThe connector's pods are simulated, and visitors get error 1033. To change that, put "
                "cloudflared on the PATH, or name it with CULVERT_CLOUDFLARED"
            )
            return None

    def stop(self) -> list[str]:
        """Stops every process of the sandbox and returns their names. Their data stays for the next start."""
        names = self._servers.names()
        self._servers.stop_all()
        return names

    def stop_started(self) -> None:
        """Stops what this command started, newest first."""
        for name in reversed(self._started):
            self._servers.stop(name)

    def reject_invalid_objects(self, name: str, settings: "Settings") -> None:
        """Raises `SandboxError` where the API server would reject an object of the stack, whose base name is `name`."""
        dry_run.reject_invalid_objects(self.kubeconfig(), name, settings)

    def seed(self, settings: "Settings", namespace: str, manifests: "Sequence[Object] | None" = None) -> None:
        """Creates what the stack file assumes to exist, and starts the secret operators that it relies on.

        `namespace` is the stack's. In the embedded cluster, `manifests` are the Services and EndpointSlices that exist;
        without, each Service that the stack file takes for granted is made up.
        """
        self._api.seed(api_objects(settings))
        create_cluster_objects(self.kubeconfig(), settings)
        if manifests is not None:
            created = cluster_services.created_namespace(settings, namespace)
            cluster_services.apply_manifests(self.kubeconfig(), manifests, created, self._progress)
        elif not external_kubeconfig():
            assumed = cluster_services.assumed_services(settings, namespace)
            cluster_services.make_up(self.kubeconfig(), assumed, self._progress)
        running = set(self._servers.names())
        self._servers.start_secret_operators(settings.token.delivery, self.kubeconfig())
        self._note_started(running)

    def dashboard(self) -> str:
        """The address of the emulated API's dashboard."""
        return self._api.url()

    def frontend(self) -> str | None:
        """The address of the edge for visitors, `http://127.0.0.1:8088`: every hostname, by HTTP and HTTPS alike."""
        return f"http://127.0.0.1:{self._servers.port('edge', 'frontend')}" if self._servers.running("edge") else None

    def enforces_policies(self) -> bool | None:
        """Whether network policies apply to the connectors; None where none of them runs in this sandbox."""
        return self._servers.enforces_policies() if self._servers.running("kubelet") else None

    def kubeconfig(self) -> Path:
        """The kubeconfig of the external cluster, else of the embedded one; known once this command started it."""
        if self._kubeconfig is None:
            raise RuntimeError("the sandbox has not been started by this command")
        return self._kubeconfig

    def state_environment(self) -> dict[str, str]:
        """Environment variables with which an engine reads the state."""
        self.directory.secret("passphrase")
        return {
            "PULUMI_BACKEND_URL": self.directory.backend_url,
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.directory.path / "passphrase"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # The engine would ask GitHub, several times, for plugins whose stand-ins it is given.
            _ACQUISITION: os.environ.get(_ACQUISITION, "true"),
        }

    def environment(self) -> dict[str, str]:
        """Environment variables with which an engine works against this sandbox."""
        env = {**self.state_environment(), **self._provider_environment()}
        if self._servers.running("providers"):
            ports = sorted(self._servers.ports("providers").items())
            env["PULUMI_DEBUG_PROVIDERS"] = ",".join(f"{name}:{port}" for name, port in ports)
        return env

    def verify_environment(self) -> dict[str, str]:
        """Environment variables for `ops verify`: the edge's address and certificate authority."""
        frontend = self.frontend()
        if not frontend:
            return {}
        authority = self.directory.path / "edge" / "ca.pem"
        return {"CULVERT_VERIFY_FRONT": frontend.removeprefix("http://"), "CULVERT_VERIFY_CA": str(authority)}

    def _provider_environment(self) -> dict[str, str]:
        return {
            "CLOUDFLARE_BASE_URL": f"{self._api.url()}client/v4",
            "CLOUDFLARE_API_TOKEN": self._api_token(),
            "KUBECONFIG": str(self.kubeconfig()),
        }

    def _api_token(self) -> str:
        path = self.directory.path / "api-token"
        if not path.exists():
            self.directory.write_secret("api-token", self._api.create_token())
        return path.read_text().strip()

    def _note_started(self, running: set[str]) -> None:
        self._started += [name for name in self._servers.names() if name not in running]
