"""What the program imports for a stack of one hostname: each run of Pulumi imports it again."""

import json
import subprocess
import sys

import pytest

from tests.support.paths import PROJECT

PROGRAM = """
import json, runpy, sys
from tests.support import mock_recorder
before = set(sys.modules)
with mock_recorder.recorder() as deploy:
    assert deploy(lambda: runpy.run_path("__main__.py", run_name="__main__"), "dev", json.loads(sys.argv[1])).resources
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules that a first run imports after Pulumi's SDK, with a Service that cannot be read."""
    config = {
        "culvert:accountId": "0123456789abcdef0123456789abcdef",
        "culvert:zones": '{"example.com": "89abcdef0123456789abcdef01234567"}',
        "culvert:routes": '[{"hostname": "blog.example.com", "service": "http://blog"}]',
        "kubernetes:kubeconfig": "/nonexistent",
    }
    command = [sys.executable, "-c", PROGRAM, json.dumps(config)]
    completed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr
    return set(json.loads(completed.stdout))


def test_of_cloudflares_sdk_only_the_resources_of_the_stack(imported: set[str]) -> None:
    resources = {name.removeprefix("pulumi_cloudflare.") for name in imported if name.startswith("pulumi_cloudflare.")}
    assert resources - {"_inputs", "_utilities", "config", "outputs"} == {
        "dns_record",
        "get_dns_records",
        "get_zero_trust_tunnel_cloudflareds",
        "zero_trust_tunnel_cloudflared",
        "zero_trust_tunnel_cloudflared_config",
    }


def test_no_client_that_only_other_commands_and_deletions_use(imported: set[str]) -> None:
    # Clients of Cloudflare's API, and the command lines that httpx imports where their packages are installed.
    top_level = {name.split(".")[0] for name in imported}
    assert top_level & {"cloudflare", "httpx", "click", "rich", "typer", "pygments", "ops", "sandbox"} == set()
    assert "clients.cloudflare" not in imported


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("settings", {"pulumi"}),
        # `check` reads settings alone, and `status` a few files more.
        ("sandbox.cli", {"pulumi", "httpx", "kubernetes", "urllib3", "cryptography", "rich"}),
        # It starts the API server, beside which the rest is imported.
        ("sandbox.services.services", {"pulumi", "components"}),
        ("sandbox.kubelet.__main__", {"pulumi"}),
    ],
)
def test_a_command_imports_nothing_large_that_it_does_not_use(module: str, unused: set[str]) -> None:
    program = f"import sys, {module}; print(*{unused!r} & sys.modules.keys())"
    completed = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (completed.returncode, completed.stdout.strip()) == (0, ""), completed.stderr
