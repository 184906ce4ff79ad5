"""A sandbox, driven by its command line with `--json`."""

import contextlib
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from kubernetes import config as kubernetes_config
from kubernetes import dynamic

from tests.support.command_server import CommandServer
from tests.support.namespace_finalizer import finalizing

if TYPE_CHECKING:
    from tests.support.deployed_stack import DeployedStack

ACCOUNT = "0123456789abcdef0123456789abcdef"
ZONE = "89abcdef0123456789abcdef01234567"

# The tests of a worker share one sandbox, in any order, and leave stacks in it: a zone has one id in all of them.
ZONES = {
    "example.com": ZONE,
    "example.net": "aaabcdef0123456789abcdef01234567",
    "lab.example.com": "1" * 32,
    "many.example": "2" * 32,
    "example.org": "99abcdef0123456789abcdef01234567",
    "named.example": "3" * 32,
    "homelab.example": "4" * 32,
    "plugin.example": "5" * 32,
}

_COMMANDS = CommandServer()


class Sandbox:
    """One sandbox in a folder of its own, driven by its command line.

    Calls that only read from a running sandbox go to its servers directly.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.owners: Path | None = None
        """A folder with a link for each stack: to the test module that uses it, which no other may."""
        self.env = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("PULUMI_", "CLOUDFLARE_", "CULVERT_SANDBOX_"))
            },
            "CULVERT_SANDBOX_HOME": str(home),
        }
        self._kubeconfig = ""

    def command(self, *arguments: str) -> list[str]:
        """A command to run in a new process, which can be interrupted or killed."""
        return [sys.executable, "-m", "sandbox", *arguments]

    def run(self, *arguments: str, fails: bool = False) -> Any:
        """Runs a command with `--json` and returns what it printed; the exit status must be as expected."""
        completed = self.raw(*arguments, "--json")
        output = f"{completed.stdout[-3000:]}\n{completed.stderr[-6000:]}"
        assert (completed.returncode != 0) == fails, f"exit {completed.returncode}\n{output}"
        return json.loads(completed.stdout)

    def raw(self, *arguments: str) -> CompletedProcess[str]:
        return self.module("sandbox", *arguments)

    def module(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
        """Runs `python -m NAME` in the sandbox's environment, with `env` added to it."""
        named = dict(itertools.pairwise(arguments))
        file = Path(named.get("--config", "")).name
        if name == "sandbox" and arguments[0] in ("up", "refresh", "destroy"):
            self._own(named.get("--stack") or file.removeprefix("Pulumi.").removesuffix(".yaml"))
        return _COMMANDS.run(name, *arguments, env={**self.env, **(env or {})})

    def _own(self, stack: str) -> None:
        """Fails the second of two test modules that use this stack, on whichever workers and in whichever order."""
        if not (self.owners and stack):
            return
        module, owner = os.environ["PYTEST_CURRENT_TEST"].partition("::")[0], self.owners / stack
        with contextlib.suppress(FileExistsError):
            owner.symlink_to(module)
        first = os.readlink(owner)
        assert first == module, f"{first} uses a stack {stack!r} too: give one of them another name"

    def dashboard(self) -> str:
        """Address of the emulated API's dashboard, and of the API below it; the sandbox must be running."""
        return f"http://127.0.0.1:{json.loads((self.home / 'run' / 'cloudflare.port').read_text())['port']}/"

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """A call to the emulator's admin API, below `/sandbox`; the reply's JSON."""
        headers = {"Authorization": f"Bearer {(self.home / 'admin').read_text().strip()}"}
        reply = _request(method, f"{self.dashboard()}sandbox{path}", json=body, headers=headers)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call to the emulated API from outside the stack; its result."""
        headers = {"Authorization": f"Bearer {(self.home / 'api-token').read_text().strip()}"}
        reply = _request(method, f"{self.dashboard()}client/v4{path}", json=body, headers=headers)
        reply.raise_for_status()
        return reply.json()["result"] if reply.content else None

    def calls(self, *, mark: bool = True) -> list[dict[str, Any]]:
        """The API calls since the last mark; with `mark`, sets a new one."""
        file = self.home / "mark"
        listed = self.admin("GET", f"/calls?since={file.read_text() if file.exists() else 0}")
        if mark:
            file.write_text(str(listed["mark"]))
        return listed["calls"]

    def stack_file(self, name: str, config: Mapping[str, Any]) -> Path:
        """A stack file with these settings (keys without `culvert:`)."""
        unlisted = {
            zone: id for zone, id in config["zones"].items() if zone not in ZONES or id not in (None, ZONES[zone])
        }
        assert not unlisted, f"list the zone in ZONES, with one id for all tests: {unlisted}"
        self._own(name)
        path = self.home.parent / f"Pulumi.{name}.yaml"
        path.write_text(yaml.safe_dump({"config": {f"culvert:{key}": value for key, value in config.items()}}))
        return path

    def up(self, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return self.run("up", "--stack", name, "--config", str(self.stack_file(name, config)))

    def destroy(self, name: str) -> dict[str, Any]:
        return self.run("destroy", "--stack", name, "--config", str(self.home.parent / f"Pulumi.{name}.yaml"))

    def state(self) -> dict[str, Any]:
        """The emulated API's whole state."""
        return self.admin("GET", "/state")

    def tunnels(self) -> list[str]:
        """Names of the tunnels that are not deleted."""
        return [tunnel["name"] for tunnel in self.state()["tunnels"] if not tunnel["deleted_at"]]

    def records(self) -> dict[str, dict[str, Any]]:
        """Records of all zones by name, each with its `zone`."""
        zones = self.state()["zones"]
        return {record["name"]: {**record, "zone": zone["id"]} for zone in zones for record in zone["records"]}

    def cluster(self) -> dynamic.DynamicClient:
        self._kubeconfig = self._kubeconfig or self.run("env")["KUBECONFIG"]
        client = kubernetes_config.new_client_from_config(self._kubeconfig)
        # By default the client caches the cluster's kinds in a file in the temporary folder.
        return dynamic.DynamicClient(client, cache_file=str(self.home / "kinds.json"))

    def objects(self, api_version: str, kind: str, namespace: str) -> list[dict[str, Any]]:
        listed = self.cluster().resources.get(api_version=api_version, kind=kind).get(namespace=namespace)
        return [item.to_dict() for item in listed.items]


def _request(method: str, url: str, **options: Any) -> httpx.Response:
    """A call by plain HTTP, for which no certificate authority is read."""
    return httpx.request(method, url, trust_env=False, verify=False, **options)


def settings(stack: str, **more: Any) -> dict[str, Any]:
    """Valid settings: one hostname, one Service, and the stack's own namespace."""
    return {
        "accountId": ACCOUNT,
        "zones": {"example.com": ZONE},
        "namespace": stack,
        "routes": [{"hostname": f"{stack}.example.com", "service": "http://blog"}],
        **more,
    }


@contextlib.contextmanager
def running_sandbox(folder: Path) -> Iterator[Sandbox]:
    """A sandbox below this folder, with the zones of all tests. Its path has every special character."""
    box = Sandbox(folder / "a home #1%20?")
    try:
        with finalizing(box.home):
            # A zone that a stack file declares without its id would get another one than that of the table.
            zones = {"zones": ZONES, "namespace": {"name": "default", "create": False}}
            box.run("env", "--config", str(box.stack_file("zones", settings("zones", **zones))))
            yield box
    finally:
        box.raw("down", "--delete")


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests of a worker; each test uses its own stacks."""
    base = tmp_path_factory.getbasetemp()
    owners = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "owners-of-stacks"
    owners.mkdir(exist_ok=True)
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as box:
        box.owners = owners
        yield box


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DeployedStack]":
    """A stack deployed in a sandbox without cloudflared; the tests declare its connectors to the API.

    Tests that use it belong to the group `verify`, so that there is one.
    """
    # It imports this module.
    from tests.support.deployed_stack import deployed_stack

    with deployed_stack(tmp_path_factory.mktemp("verify")) as deployed:
        yield deployed


@pytest.fixture
def environment_of_deployed(deployed: "DeployedStack", monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that name the API and the cluster of `deployed`, whose pods are ready then."""
    for name in ("CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "KUBECONFIG"):
        monkeypatch.setenv(name, deployed.env[name])
    monkeypatch.delenv("CULVERT_VERIFY_FRONT", raising=False)
    deployed.wait_for_pods()


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A test's own sandbox, not started."""
    box = Sandbox(tmp_path / "home")
    yield box
    box.raw("down", "--delete")
