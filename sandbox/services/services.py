"""A sandbox's servers: the emulated Cloudflare API, the cluster, and the stand-in providers; how to start and reach them."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from filelock import FileLock

from sandbox import cluster, tools
from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.errors import SandboxError
from sandbox.kubelet import cloudflared_binary
from sandbox.kubelet.kwok_stages import exclude_connector_pods
from sandbox.secret_operators import sealed_secrets
from sandbox.tools.processes import Supervisor

if TYPE_CHECKING:
    from settings import ExistingSecretOptions, Settings

Progress = Callable[[str], None]

PROVIDERS = ("cloudflare", "kubernetes", "random")
ACQUISITION = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"


@dataclass(frozen=True)
class Provider:
    """One provider plugin in use: `kind` is `official` or `standin`, `path` only for an official one."""

    kind: str
    version: str
    origin: str
    path: str | None = None


def choose_providers() -> dict[str, Provider]:
    """Which plugin serves each provider, as `CULVERT_SANDBOX_PROVIDERS` (`auto`, `official`, `standin`) decides.

    `auto` takes an official plugin where one is on the PATH or in the plugin cache, and the stand-in elsewhere. Raises
    `SandboxError` where an official one is asked for and not there.
    """
    wanted = os.environ.get("CULVERT_SANDBOX_PROVIDERS", "auto")
    if wanted not in ("auto", "official", "standin"):
        raise SandboxError(
            f"CULVERT_SANDBOX_PROVIDERS is {wanted!r}; accepted: auto, official, standin",
            key="CULVERT_SANDBOX_PROVIDERS",
            value=wanted,
            accepted="auto, official, standin",
        )
    chosen: dict[str, Provider] = {}
    missing: list[str] = []
    for name in PROVIDERS:
        found = None if wanted == "standin" else tools.find_plugin(name)
        if found:
            chosen[name] = Provider("official", found.version, found.origin, str(found.path))
        elif wanted == "official":
            missing.append(name)
        else:
            chosen[name] = Provider("standin", tools.plugin_version(name), "this repository, sandbox/providers")
    if missing:
        commands = "; ".join(f"pulumi plugin install resource {name} v{tools.plugin_version(name)}" for name in missing)
        raise SandboxError(
            f"CULVERT_SANDBOX_PROVIDERS is 'official', but these plugins are neither on the PATH nor in the plugin cache: "
            f"{', '.join(missing)}. Get them with: {commands}",
            key="CULVERT_SANDBOX_PROVIDERS",
            value=wanted,
            accepted=f"auto, standin, or official with these installed: {commands}",
            source="https://www.pulumi.com/docs/iac/cli/commands/pulumi_plugin_install/",
        )
    return chosen


class SandboxServices:
    """The running side of one sandbox. `start` is idempotent: what runs is kept, what died is started again."""

    def __init__(self, home: SandboxDirectory, progress: Progress) -> None:
        self.home = home
        self._progress = progress
        self._supervisor = Supervisor(home.path)
        self._kubeconfig: Path | None = None
        self.started: list[str] = []
        """Names of the processes that this command started: what an interrupted command takes down again."""

    @property
    def running(self) -> bool:
        """Whether the emulated API answers to its name; the other servers follow it."""
        return self._supervisor.running("cloudflare")

    def processes(self) -> list[str]:
        return self._supervisor.names()

    def start(self) -> None:
        """Starts whatever does not run yet, and waits until all of it is ready.

        Raises `SandboxError` where a tool cannot be had or a server does not come up; what this call started is stopped then.
        """
        self.home.create()
        with FileLock(self.home.path / "start.lock"):
            before = set(self._supervisor.names())
            try:
                providers = choose_providers()
                self._start_cloudflare()
                connector = None if external_kubeconfig() else cloudflared_binary.obtain(self._progress)
                self._kubeconfig = self._start_cluster(real_connectors=connector is not None)
                self._start_edge()
                if connector:
                    self._start_connectors(connector, self._kubeconfig)
                elif not external_kubeconfig():
                    self._progress(
                        "cloudflared is not here: the connector's pods are simulated, and visitors get error 1033. "
                        "Put it on the PATH, or name it with CULVERT_CLOUDFLARED"
                    )
                self._start_providers([name for name, p in providers.items() if p.kind == "standin"], self._kubeconfig)
            except BaseException:
                self.started = [name for name in self._supervisor.names() if name not in before]
                self.stop_started()
                raise
            self.started += [name for name in self._supervisor.names() if name not in before]

    def stop(self) -> list[str]:
        """Stops every process of the sandbox and returns their names. What they know is kept for the next start."""
        names = self._supervisor.names()
        self._supervisor.stop_all()
        return names

    def stop_started(self) -> None:
        """Stops what this command started, newest first."""
        for name in reversed(self.started):
            self._supervisor.stop(name)

    def seed(self, settings: "Settings") -> None:
        """Makes up what a stack file takes for granted, where it is missing: account, zones, an existing namespace and Secret,
        the tunnel and the records that it takes over, and the virtual network of somebody else; and runs what else its way to deliver the token needs in the cluster.
        """
        zones = [
            {"id": zone_id, "name": name, "account": settings.account_id} for name, zone_id in settings.zones.items()
        ]
        account = {"id": settings.account_id, "name": "Sandbox"}
        tunnel = settings.tunnel.adopt
        tunnels = [{"id": tunnel, "name": f"adopted-{tunnel[:8]}", "account": settings.account_id}] if tunnel else []
        hostnames = settings.hostnames()
        records = [
            {"id": route.adopt, "name": route.hostname, "zone": hostnames[route.hostname]}
            for route in settings.routes
            if route.adopt
        ]
        chosen = settings.private_networks and settings.private_networks.virtual_network
        networks = (
            [{"id": chosen.id, "name": f"existing-{chosen.id[:8]}", "account": settings.account_id}]
            if chosen and chosen.id
            else []
        )
        seeds = {
            "accounts": [account],
            "zones": zones,
            "tunnels": tunnels,
            "records": records,
            "virtual_networks": networks,
        }
        self._admin("POST", "/sandbox/seed", seeds)
        if settings.namespace and not settings.namespace.create:
            _ensure_namespace(self.kubeconfig(), settings.namespace.name)
            if settings.token.secret:
                _ensure_secret(self.kubeconfig(), settings.namespace.name, settings.token.secret)
        self._start_keepers(settings.token.delivery)

    def calls(self, since: int = 0) -> tuple[int, list[dict[str, Any]]]:
        """The API calls made after mark `since`, and the mark that stands now."""
        reply = self._admin("GET", f"/sandbox/calls?since={since}")
        return reply["mark"], reply["calls"]

    def dashboard(self) -> str:
        """Address of the emulated API's page."""
        return f"http://127.0.0.1:{self._port('cloudflare')['port']}/"

    def frontend(self) -> str | None:
        """Address of the edge for visitors, `http://127.0.0.1:8088`: every hostname, by HTTP and HTTPS alike."""
        return f"http://127.0.0.1:{self._port('edge')['frontend']}" if self._supervisor.running("edge") else None

    def visitors(self) -> dict[str, str]:
        """Where `verify` finds the visitors' side, and whom it trusts there, by environment variable."""
        front = self.frontend()
        if not front:
            return {}
        authority = self.home.path / "edge" / "ca.pem"
        return {"CULVERT_VERIFY_FRONT": front.removeprefix("http://"), "CULVERT_VERIFY_CA": str(authority)}

    def kubeconfig(self) -> Path:
        """The cluster in use: the one given with `CULVERT_SANDBOX_KUBECONFIG`, else the embedded one. Known once started."""
        if self._kubeconfig is None:
            raise RuntimeError("the sandbox has not been started by this command")
        return self._kubeconfig

    def stacks(self) -> list[dict[str, Any]]:
        """The stacks of this sandbox: name, number of resources, time of the last change."""
        found = []
        for file in sorted(self.home.path.glob("state/.pulumi/stacks/*/*.json")):
            latest = (json.loads(file.read_text()).get("checkpoint") or {}).get("latest") or {}
            found.append(
                {
                    "name": file.stem,
                    "resources": len(latest.get("resources") or []),
                    "updated": (latest.get("manifest") or {}).get("time"),
                }
            )
        return found

    def state_environment(self) -> dict[str, str]:
        """What an engine needs to read the state, by environment variable."""
        return {
            "PULUMI_BACKEND_URL": f"file://{self.home.path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase_file()),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # It would ask GitHub, several times over, for the plugins whose stand-ins it is given.
            ACQUISITION: os.environ.get(ACQUISITION, "true"),
        }

    def environment(self) -> dict[str, str]:
        """What an engine needs to work against this sandbox, by environment variable."""
        ports = self._port("providers") if self._supervisor.running("providers") else {}
        env = {
            **self.state_environment(),
            "CLOUDFLARE_BASE_URL": f"{self.dashboard()}client/v4",
            "CLOUDFLARE_API_TOKEN": self._api_token(),
            "KUBECONFIG": str(self.kubeconfig()),
        }
        if ports:
            env["PULUMI_DEBUG_PROVIDERS"] = ",".join(f"{name}:{port}" for name, port in sorted(ports.items()))
        return env

    def _start_cloudflare(self) -> None:
        if self._supervisor.running("cloudflare"):
            return
        self._progress("starting the emulated Cloudflare API")
        port_file = self.home.path / "run" / "cloudflare.port"
        self._start(
            "cloudflare",
            ["--database", str(self.home.path / "cloudflare.sqlite3"), "--port-file", str(port_file)],
            port_file,
            {"CULVERT_SANDBOX_ADMIN": self.home.secret("admin")},
        )

    def _start_cluster(self, *, real_connectors: bool) -> Path:
        given = external_kubeconfig()
        if given:
            cluster.external(given)
            return given
        stages = exclude_connector_pods(cluster.stages()) if real_connectors else cluster.stages()
        programs = tools.ensure(cluster.PROGRAMS, self._progress)
        kinds = partial(cluster.definitions, self._progress)
        return cluster.start(self.home.path, programs, self._supervisor, self._progress, stages, kinds)

    def _start_edge(self) -> None:
        if self._supervisor.running("edge"):
            return
        self._progress("starting the edge")
        port_file = self.home.path / "run" / "edge.port"
        self._start("edge", ["--home", str(self.home.path), "--port-file", str(port_file)], port_file, {})

    def _start_connectors(self, connector: tools.Tool, kubeconfig: Path) -> None:
        if self._supervisor.running("kubelet"):
            return
        self._progress("running the connector's pods with cloudflared")
        run = self.home.path / "run"
        arguments = ["--home", self.home.path, "--kubeconfig", kubeconfig, "--cloudflared", connector.path]
        arguments += ["--edge", run / "edge.port", "--port-file", run / "connectors.port"]
        self._start("kubelet", [str(each) for each in arguments], run / "connectors.port", {})

    def _start_keepers(self, delivery: str) -> None:
        """Who else keeps Secrets; in a cluster of somebody's, they do it themselves."""
        if external_kubeconfig() or delivery == "secret":
            return
        before = set(self._supervisor.names())
        if delivery == "sealed":
            sealed_secrets.start(self.home, self.kubeconfig(), self._supervisor, self._progress)
        elif not self._supervisor.running("secret_operators"):
            self._progress("playing those who keep Secrets in the cluster")
            port_file = self.home.path / "run" / "keepers.port"
            arguments = ["--home", self.home.path, "--kubeconfig", self.kubeconfig(), "--port-file", port_file]
            self._start("secret_operators", [str(each) for each in arguments], port_file, {})
        self.started += [name for name in self._supervisor.names() if name not in before]

    def _start_providers(self, names: Iterable[str], kubeconfig: Path) -> None:
        wanted = sorted(names)
        port_file = self.home.path / "run" / "providers.port"
        serving = sorted(self._port("providers")) if port_file.exists() else []
        if self._supervisor.running("providers") and serving == wanted:
            return
        self._supervisor.stop("providers")
        port_file.unlink(missing_ok=True)
        if not wanted:
            return
        self._progress(f"starting the stand-in providers: {', '.join(wanted)}")
        self._start(
            "providers",
            ["--port-file", str(port_file), "--only", ",".join(wanted)],
            port_file,
            {
                "CLOUDFLARE_BASE_URL": f"{self.dashboard()}client/v4",
                "CLOUDFLARE_API_TOKEN": self._api_token(),
                "KUBECONFIG": str(kubeconfig),
            },
        )

    def _start(self, name: str, arguments: list[str], port_file: Path, env: dict[str, str]) -> None:
        port_file.unlink(missing_ok=True)
        self._supervisor.start(
            name,
            [sys.executable, "-m", f"sandbox.{name}", *arguments],
            {**env, "PYTHONPATH": str(PROJECT)},
            ready=port_file.exists,
            timeout=60,
        )

    def _port(self, name: str) -> dict[str, int]:
        return json.loads((self.home.path / "run" / f"{name}.port").read_text())

    def _passphrase_file(self) -> Path:
        self.home.secret("passphrase")
        return self.home.path / "passphrase"

    def _api_token(self) -> str:
        """The token that the emulated API takes: minted once, with just the permissions that the README lists."""
        path = self.home.path / "api-token"
        if not path.exists():
            minted = self._admin("POST", "/sandbox/tokens", {"name": "culvert", "permissions": None})
            self.home.write_secret("api-token", minted["value"])
        return path.read_text().strip()

    def _admin(self, method: str, path: str, body: object = None) -> Any:
        if not self.running:
            raise SandboxError(
                "the sandbox is not running; start it with: python -m sandbox up",
                key="sandbox",
                value="stopped",
                accepted="a running sandbox",
            )
        headers = {"Authorization": f"Bearer {self.home.secret('admin')}"}
        reply = httpx.request(method, self.dashboard().rstrip("/") + path, json=body, headers=headers, timeout=30)
        if reply.is_error:
            raise SandboxError(f"the emulated Cloudflare API refused {method} {path}: {reply.text}")
        return reply.json()


def external_kubeconfig() -> Path | None:
    """The kubeconfig of a cluster to use instead of the embedded one.

    Its own variable, never the ambient `KUBECONFIG`: a rehearsal must not reach somebody's cluster by accident.
    """
    given = os.environ.get("CULVERT_SANDBOX_KUBECONFIG")
    if not given:
        return None
    path = Path(given).expanduser().resolve()
    if not path.is_file():
        raise SandboxError(
            f"CULVERT_SANDBOX_KUBECONFIG is {given!r}, which is not a file",
            key="CULVERT_SANDBOX_KUBECONFIG",
            value=given,
            accepted="the path of a kubeconfig, or nothing for the embedded cluster",
        )
    return path


def _ensure_namespace(kubeconfig: Path, name: str) -> None:
    """Makes the namespace that a stack file takes for granted, where it is not there."""
    from kubernetes import client, config

    api = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
    try:
        api.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    except client.ApiException as error:
        if error.status != 409:
            raise


def _ensure_secret(kubeconfig: Path, namespace: str, wanted: "ExistingSecretOptions") -> None:
    """Makes the Secret that a stack file takes for granted, where it is not there; who keeps it puts the token in."""
    from kubernetes import client

    from sandbox.cluster.access import connect
    from sandbox.secret_operators.secrets import read, write

    with connect(kubeconfig) as api:
        core = client.CoreV1Api(api)
        if read(core, namespace, wanted.name) is None:
            write(core, {"namespace": namespace, "name": wanted.name}, {wanted.key: b""})
