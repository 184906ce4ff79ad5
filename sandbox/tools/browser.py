"""A headless browser, where there is one: what a visitor sees, as a picture."""

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
"""It opens pages of this machine alone, and asks nobody else for anything."""


def installed(names: Iterable[str] = NAMES) -> Path | None:
    """The first of these programs on the PATH that is a Chromium or Chrome and runs."""
    for name in names:
        path = shutil.which(name)
        if path and _runs(path):
            return Path(path)
    return None


def screenshot(browser: Path, hostname: str, front: str, to: Path) -> None:
    """Writes the page of `https://hostname/`, as the front (`http://127.0.0.1:8088`) serves it, to a PNG file.

    Raises RuntimeError, with what the browser said, where it makes no picture.
    """
    # Names lead to the front or nowhere, so the only certificate to be met is that of the sandbox's own authority.
    rules = f"MAP {hostname} {urlsplit(front).netloc}, MAP * ~NOTFOUND"
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
        done = subprocess.run([browser, *arguments], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not to.exists():
        raise RuntimeError(f"{browser.name} made no picture of https://{hostname}/: {done.stderr.strip()[-500:]}")


def _runs(path: str) -> bool:
    """Some systems have a `chromium-browser` that only tells how to install one."""
    found = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return found.returncode == 0 and "Chrom" in found.stdout
