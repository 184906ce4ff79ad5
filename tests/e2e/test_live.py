"""`make live` with the sandbox's own API and cluster as the real ones: every step succeeds, and nothing is left."""

import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import ACCOUNT, Sandbox, settings
from tests.support.paths import PROJECT

RUN = "live-0a1b2c3d"


def test_a_run_takes_every_step_and_leaves_nothing(own_sandbox: Sandbox, tmp_path: Path) -> None:
    # What other tests left in a shared API would make answers differ from those of a new emulator.
    sandbox = own_sandbox
    environment = sandbox.run("env", "--config", str(sandbox.stack_file("live", settings("live"))))
    environ = {
        **{key: value for key, value in sandbox.env.items() if key != "PULUMI_DEBUG_PROVIDERS"},
        **{key: environment[key] for key in ("CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "KUBECONFIG")},
        **{"CULVERT_LIVE_ACCOUNT": ACCOUNT, "CULVERT_LIVE_ZONE": "example.com", "CULVERT_SANDBOX_PROVIDERS": "standin"},
        **{"CULVERT_LIVE_TEAM": "acme", "CULVERT_LIVE_EMAIL": "ops@example.com", "PYTHONPATH": str(PROJECT)},
    }
    report = tmp_path / "report.md"
    command = [sys.executable, "-m", "scripts.live", "--yes", "--offline", "--run", RUN, "--report", str(report)]
    ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr[-5000:]}"
    text = report.read_text()
    assert "0 of them answered differently" in text, text
    steps = dict(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", text.partition("## ")[0], re.MULTILINE))
    unchanged = ("up again", "refresh")
    assert [name for name in unchanged if not re.fullmatch(r"\d+ same", steps[name])] == []
    assert re.fullmatch(r"\d+ create", steps["up"])
    assert re.fullmatch(r"\d+ delete", steps["clean up"])
    # Without cloudflared, pods are simulated and connect to nothing.
    assert re.fullmatch(r"\d+ checks passed(; not passed: connections)?", steps["verify"])
    assert "Left out: Access" not in text
    assert not (tmp_path / ".live" / RUN).exists()
    state = sandbox.state()
    assert [each["name"] for each in state["tunnels"] if RUN in each["name"] and not each["deleted_at"]] == []
    assert [each for each in state["objects"] if RUN in str(each.get("name"))] == []
    assert [name for name in sandbox.records() if RUN in name] == []
    assert sandbox.objects("v1", "Namespace", "")
    assert RUN not in str(sandbox.objects("v1", "Namespace", ""))
