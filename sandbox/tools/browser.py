"""Screenshots of a page, by a headless browser if one is installed."""

import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
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
_TIMEOUT = 60_000
"""Milliseconds."""


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
    to.unlink(missing_ok=True)
    # In a thread of its own: Playwright's synchronous API refuses a thread with a running event loop.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(_screenshot, browser, hostname, frontend, to).result()


def _screenshot(browser: Path, hostname: str, frontend: str, to: Path) -> None:
    # Imported here: most runs of the sandbox have no browser and take no screenshot.
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import sync_playwright

    url = f"https://{hostname}/"
    # No other name resolves, so the only certificate that is accepted unchecked is that of the sandbox's own authority.
    rules = f"MAP {hostname} {urlsplit(frontend).netloc}, MAP * ~NOTFOUND"
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=browser, args=[*FLAGS, f"--host-resolver-rules={rules}"], timeout=_TIMEOUT
            )
            page = chromium.new_page(viewport={"width": 1000, "height": 600}, ignore_https_errors=True)
            page.goto(url, timeout=_TIMEOUT)
            page.screenshot(path=to)
            chromium.close()
    except PlaywrightError as error:
        raise RuntimeError(f"{browser.name} took no screenshot of {url}: {' '.join(error.message.split())}") from None


def _runs(path: str) -> bool:
    """Some systems have a `chromium-browser` that only prints how to install one."""
    result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return result.returncode == 0 and "Chrom" in result.stdout
