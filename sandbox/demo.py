"""`make demo`: the whole exposure previewed, made, made again without a change, and removed, in a sandbox of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import Any

import httpx
from rich.console import Console

from sandbox.directory import PROJECT
from sandbox.tools import browser

PICTURE = PROJECT / "demo.png"
"""What a visitor saw: the one thing that a demo leaves behind."""

_STEPS = (
    ("preview", "What would be made. Nothing is changed by this."),
    ("up", "Now it is made: rules and Secret first, then the connector, and DNS once the connector is available."),
    ("calls", "What the Cloudflare API was asked for, by all of the above."),
    ("up", "The same once more. Nothing differs, so nothing is written."),
    ("destroy", "And back: DNS first, the tunnel last."),
)


def main() -> int:
    """Runs the steps and returns the exit status of the first that failed, else 0; leaves no process, and no file but the picture."""
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="culvert-demo-") as folder:
        env = {**os.environ, "CULVERT_SANDBOX_HOME": folder}

        def sandbox(command: str, *options: str) -> int:
            # In a group of its own, so that Ctrl-C reaches it once, from here, and it has the time to clean up.
            process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", command, *options], cwd=PROJECT, env=env, process_group=0
            )
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()
                process.wait()
                raise

        def told(command: str) -> dict[str, Any]:
            done = subprocess.run(
                [sys.executable, "-m", "sandbox", command, "--json"],
                cwd=PROJECT,
                env=env,
                capture_output=True,
                check=True,
            )
            return json.loads(done.stdout)

        try:
            for command, why in _STEPS:
                console.rule(f"[bold]python -m sandbox {command}[/]", align="left")
                console.print(why, style="dim")
                sys.stdout.flush()
                failed = sandbox(command)
                if failed:
                    return failed
                if command == "calls":
                    failed = _visit(console, told("status"), told("outputs")["publicHostname"])
                if failed:
                    return failed
            console.rule("[bold]python -m sandbox status[/]", align="left")
            sys.stdout.flush()
            sandbox("status")
        except KeyboardInterrupt:
            return 130
        finally:
            sandbox("down", "--delete")
    console.print(
        "\nEverything is gone again. To keep one running and look around: [bold].venv/bin/python -m sandbox up[/], then open the page it names."
    )
    return 0


def _visit(console: Console, status: dict[str, Any], hostname: str) -> int:
    """Fetches the sample site's page through the tunnel, where a real connector holds it; returns an exit status."""
    console.rule(f"[bold]curl -H 'Host: {hostname}' {status['frontend']}[/]", align="left")
    if not status["cloudflared"]["path"]:
        console.print(
            "Left out: cloudflared is not here, so the connector's pods are simulated. Put it on the PATH, or name it with "
            "CULVERT_CLOUDFLARED, and this shows the sample site's page, fetched through the tunnel.",
            style="dim",
        )
        return 0
    console.print("A visitor: through the edge, a real cloudflared and the Service, to the sample site.", style="dim")
    answer = httpx.get(status["frontend"], headers={"Host": hostname}, timeout=30)
    console.print(f"{answer.status_code} {answer.reason_phrase}")
    console.print(answer.text, markup=False)
    if not answer.is_success:
        return 1
    program = browser.installed()
    if program:
        browser.screenshot(program, hostname, status["frontend"], PICTURE)
        console.print(f"The same in a browser: {PICTURE.name}", style="dim")
    else:
        console.print("No picture of it: there is no Chromium or Chrome on the PATH.", style="dim")
    return 0


if __name__ == "__main__":
    sys.exit(main())
