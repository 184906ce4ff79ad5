"""Screenshots of a page, by a headless browser if one is installed."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""The browser opens local pages only and sends no other requests."""


def installed(names: Iterable[str] = NAMES) -> Path | None:
    """The first of these programs on the PATH that is a Chromium or Chrome and runs."""
    for name in names:
        path = shutil.which(name)
        if path and _runs(path):
            return Path(path)
    return None


def screenshot(browser: Path, hostname: str, frontend: str, to: Path) -> None:
    """Writes a screenshot of `https://hostname/`, served by the edge's `frontend`, to a PNG file.

    Raises RuntimeError, with the browser's output, if it writes none.
    """
    # No other name resolves, so the only certificate that is accepted unchecked is that of the sandbox's own authority.
    rules = f"MAP {hostname} {urlsplit(frontend).netloc}, MAP * ~NOTFOUND"
    with tempfile.TemporaryDirectory(prefix="culvert-browser-") as profile:
        arguments = [
            *FLAGS,
            "--headless",
            "--hide-scrollbars",
            "--ignore-certificate-errors",
            f"--host-resolver-rules={rules}",
            f"--user-data-dir={profile}",
            "--window-size=1000,600",
            f"--screenshot={to}",
            f"https://{hostname}/",
        ]
        to.unlink(missing_ok=True)
        result = subprocess.run([browser, *arguments], capture_output=True, text=True, timeout=120, check=False)
    if result.returncode or not to.exists():
        raise RuntimeError(f"{browser.name} took no screenshot of https://{hostname}/: {result.stderr.strip()[-500:]}")


def _runs(path: str) -> bool:
    """Some systems have a `chromium-browser` that only prints how to install one."""
    result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return result.returncode == 0 and "Chrom" in result.stdout
