"""`make demo`: an exposure previewed, created, updated without a change, and destroyed, in a sandbox of its own."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from typing import Any

import httpx
from rich.console import Console

from sandbox.commands.output import local_address
from sandbox.directory import PROJECT
from sandbox.tools import browser

SCREENSHOT = PROJECT / "demo.png"
"""A screenshot of the page that a visitor sees: the only file that a demo leaves behind."""

_STEPS = (
    ("preview", "Shows what would be created. Changes nothing."),
    (
        "up",
        "Creates everything: ingress rules and Secret, then the connector, and DNS once the connector is available.",
    ),
    ("calls", "The calls to the Cloudflare API so far."),
    ("up", "The same again: nothing has changed, so nothing is written."),
    ("destroy", "Deletes everything: DNS first, the tunnel last."),
)


def main() -> int:
    """Runs the steps and returns the exit status of the first that fails, else 0.

    It leaves no process behind, and no file but the screenshot.
    """
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="culvert-demo-") as folder:
        env = {**os.environ, "CULVERT_SANDBOX_HOME": os.path.join(folder, "sandbox")}

        def sandbox(command: str, *options: str) -> int:
            # In a process group of its own: it receives Ctrl-C once, from this process, and has time to clean up.
            process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", command, *options], cwd=PROJECT, env=env, process_group=0
            )
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()
                process.wait()
                raise

        def result_of(command: str) -> dict[str, Any]:
            process = subprocess.run(
                [sys.executable, "-m", "sandbox", command, "--json"],
                cwd=PROJECT,
                env=env,
                capture_output=True,
                check=True,
            )
            return json.loads(process.stdout)

        try:
            for command, description in _STEPS:
                console.rule(f"[bold]python -m sandbox {command}[/]", align="left")
                console.print(description, style="dim")
                sys.stdout.flush()
                exit_status = sandbox(command)
                if not exit_status and command == "calls":
                    exit_status = _visit(console, result_of("status"), result_of("outputs")["publicHostname"])
                if exit_status:
                    return exit_status
            console.rule("[bold]python -m sandbox status[/]", align="left")
            sys.stdout.flush()
            sandbox("status")
        except KeyboardInterrupt:
            return 130
        finally:
            sandbox("down", "--delete")
    console.print(
        "\nThe demo has removed everything. To keep a sandbox running: [bold].venv/bin/python -m sandbox up[/], "
        "then open the dashboard whose address it prints."
    )
    return 0


def _visit(console: Console, status: dict[str, Any], hostname: str) -> int:
    """Fetches the sample site's page through the tunnel, if there is a real connector; returns an exit status."""
    address = local_address(hostname, status["frontend"])
    console.rule(f"[bold]curl {address}/[/]", align="left")
    if not status["cloudflared"]["path"]:
        console.print(
            "Skipped, because the connector's pods are simulated. With cloudflared, this step fetches the sample "
            "site's page through the tunnel.",
            style="dim",
        )
        return 0
    console.print("A visit: through the edge, a real cloudflared and the Service, to the sample site.", style="dim")
    # Not every system's resolver has names under .localhost, as browsers and curl have.
    response = httpx.get(status["frontend"], headers={"Host": address.removeprefix("http://")}, timeout=30)
    console.print(f"{response.status_code} {response.reason_phrase}")
    console.print(_title(response.text), markup=False)
    if not response.is_success:
        return 1
    executable = browser.installed()
    if executable:
        browser.screenshot(executable, hostname, status["frontend"], SCREENSHOT)
        console.print(f"The page in a browser: {SCREENSHOT.name}", style="dim")
    else:
        console.print("No screenshot: Chromium or Chrome is not on the PATH.", style="dim")
    return 0


def _title(page: str) -> str:
    """The line with the page's title; the whole page if it has none."""
    found = re.search(r"<title>.*?</title>", page)
    return found[0] if found else page


if __name__ == "__main__":
    # It has no options but --help; anything else is an error.
    argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__).parse_args()
    sys.exit(main())
