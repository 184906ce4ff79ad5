"""The commands in README and docs run as they are written: in a fresh checkout, with a sandbox of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import tools
from tests.e2e.conftest import ACCOUNT
from tests.support.checkouts import checkout
from tests.support.documented_commands import CONNECTOR, SHELL, WITH_CONNECTOR, blocks
from tests.support.processes import eventually


@dataclass
class Reader:
    """A reader who follows the pages: types their commands, answers yes, and pastes the token when asked."""

    folder: Path
    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def types(self, script: str, **more: str) -> str:
        """Runs commands one after the other, until one fails, which fails the test; what they print."""
        token = self.folder / ".sandbox" / "api-token"
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.env, **more},
            input=token.read_text() + "\n" if token.exists() else "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-5000:]}"
        return done.stdout

    def page(self, page: str, **more: str) -> str:
        """Types the commands of a page in one shell, those that need a connector only if there is one."""
        notes = {"", CONNECTOR} if tools.find_cloudflared() else {""}
        script = "".join(block.script for block in blocks() if block.page == page and block.note in notes)
        assert script, page
        return self.types(script, **more)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("reader")
    project, home = checkout(folder / "culvert"), folder / "home"
    home.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "CLOUDFLARE_"))}
    kept.pop("CULVERT_SANDBOX_HOME", None)
    cache = os.environ.get("CULVERT_CACHE") or str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser())
    path = f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    answers = {"PULUMI_SKIP_CONFIRMATIONS": "true"}
    reader = Reader(project, home, {**kept, **answers, "PATH": path, "HOME": str(home), "XDG_CACHE_HOME": cache})
    yield reader
    reader.types("python -m sandbox down --delete")


@pytest.fixture(scope="module")
def shell(reader: Reader) -> dict[str, str]:
    """The environment of the sandbox's shell; the sandbox starts here."""
    return json.loads(reader.types("python -m sandbox env --json 2>/dev/null"))


def _tunnels(shell: dict[str, str]) -> list[dict[str, Any]]:
    path = f"{shell['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}/cfd_tunnel?is_deleted=false"
    headers = {"Authorization": f"Bearer {shell['CLOUDFLARE_API_TOKEN']}"}
    return httpx.get(path, headers=headers, trust_env=False).raise_for_status().json()["result"]


def test_the_commands_of_readme_and_docs_run_as_written(reader: Reader, shell: dict[str, str]) -> None:
    deploy, sandbox = (block.script for block in blocks() if block.page == "README.md" and block.runs)
    # With a state of the reader's own, as for a real deployment; the passphrase's answer is the sandbox's.
    own = {key: value for key, value in shell.items() if key not in ("PULUMI_BACKEND_URL", "PULUMI_STACK")}
    # `--local` is the home folder of the account that runs the tests, whatever HOME is.
    assert "pulumi login --local " in deploy
    state = reader.home / "state"
    state.mkdir()
    deployed = reader.types(deploy.replace("login --local", f"login {state.as_uri()}"), **own)
    assert 'publicHostname: "blog-dev.example.com"' in deployed
    assert "encryptionsalt" in (reader.folder / "Pulumi.dev.yaml").read_text()
    reader.types("pulumi destroy --stack dev", **own)
    for page in SHELL:
        reader.page(page, **shell)
    if tools.find_cloudflared():
        # A page takes an address of the edge away: the connectors have to find others.
        eventually(lambda: all(one["status"] == "healthy" for one in _tunnels(shell)))
        for page in WITH_CONNECTOR:
            reader.page(page, **shell)
    stack_files = {file: file.read_text() for file in reader.folder.glob("Pulumi.*.yaml")}
    assert "stopped: " in reader.types(sandbox)
    assert {file: file.read_text() for file in stack_files} == stack_files
