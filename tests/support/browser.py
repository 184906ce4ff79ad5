"""A headless Chromium for tests: an installed one, or that of an npm package.

`CULVERT_TEST_BROWSER` names another. The package (https://github.com/Sparticuz/chromium) contains the program and its
libraries, compressed, for Linux on x86-64. npm downloads it once into the user's cache folder.
"""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
from filelock import FileLock

from sandbox.tools.browser import NAMES, installed

PACKAGE, VERSION = "@sparticuz/chromium", "153.0.0"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
_UNPACK = """
const fs = require("fs"), zlib = require("zlib"), { pipeline } = require("stream/promises");
const [from, to] = process.argv.slice(1);
(async () => {
  for (const name of fs.readdirSync(from))
    await pipeline(fs.createReadStream(`${from}/${name}`), zlib.createBrotliDecompress(),
      fs.createWriteStream(`${to}/${name.replace(/\\.br$/, "")}`));
})().catch((problem) => { console.error(problem); process.exit(1); });
"""


@dataclass(frozen=True)
class Browser:
    """The program, and variables it needs in its environment."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Browser:
    """A browser that runs. Raises RuntimeError with instructions for getting one."""
    configured = os.environ.get("CULVERT_TEST_BROWSER")
    if path := installed([configured] if configured else NAMES):
        return Browser(path)
    if configured:
        raise RuntimeError(f"CULVERT_TEST_BROWSER is {configured!r}, which is not a browser that runs")
    if (sys.platform, platform.machine()) != ("linux", "x86_64") or not (shutil.which("npm") and shutil.which("node")):
        raise RuntimeError(
            "this test needs headless Chromium: install Chromium or Chrome (Debian: `apt-get install chromium`), or "
            "name one in CULVERT_TEST_BROWSER; on Linux with x86-64, npm and Node are enough"
        )
    return _packaged(platformdirs.user_cache_path("culvert") / f"chromium-{VERSION}")


def _packaged(folder: Path) -> Browser:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            unfinished = folder.with_name(f"{folder.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _fetch(unfinished)
            unfinished.replace(folder)
    environment = {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    return Browser(folder / "chromium", environment)


def _fetch(folder: Path) -> None:
    subprocess.run(["npm", "pack", f"{PACKAGE}@{VERSION}"], cwd=folder, capture_output=True, check=True)
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != SHA512:
        raise RuntimeError(f"{PACKAGE} {VERSION} has the checksum {digest}; expected {SHA512}")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    subprocess.run(["node", "-e", _UNPACK, str(folder / "package" / "bin"), str(folder)], check=True)
    shutil.rmtree(folder / "package")
    for inner in folder.glob("*.tar"):
        with tarfile.open(inner) as packed:
            packed.extractall(folder, filter="data")
        inner.unlink()
    (folder / "chromium").chmod(0o755)
    # The package's own configuration lists the font folders of AWS Lambda.
    (folder / "fonts.conf").write_text(
        '<fontconfig><dir prefix="relative">fonts</dir></fontconfig>\n', encoding="utf-8"
    )
