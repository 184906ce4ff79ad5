"""CustomResourceDefinitions as their projects publish them, downloaded once and pinned by digest."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.errors import SandboxError
from sandbox.tools.cache import folder
from sandbox.tools.tool import Progress

_DRAFT = ".culvert-draft-"


@dataclass(frozen=True)
class Schema:
    """One file of a project that is published as a Go module: its path there and its SHA-256. `url` is the same file,
    for machines without Go."""

    name: str
    module: str
    version: str
    path: str
    digest: str
    url: str

    @property
    def path_in_cache(self) -> Path:
        return folder() / "schemas" / f"{self.name}-{self.digest[:12]}.yaml"


def obtain(schema: Schema, progress: Progress) -> Path:
    """The file from the cache, from its URL, or from its Go module. `SandboxError` says why it is not available."""
    if schema.path_in_cache.exists():
        return schema.path_in_cache
    progress(f"downloading {schema.name} {schema.version}, once")
    schema.path_in_cache.parent.mkdir(parents=True, exist_ok=True)
    # Not in the build folder, which another process may hold for minutes. Two downloads at once do no harm.
    for abandoned in schema.path_in_cache.parent.glob(f"{_DRAFT}*"):  # left by a killed process
        if time.time() - abandoned.stat().st_mtime > 3600:
            shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=schema.path_in_cache.parent) as draft_folder:
        work = Path(draft_folder)
        content = _downloaded(schema)
        if content is None:
            content = _from_module(schema, work)
        if hashlib.sha256(content).hexdigest() != schema.digest:
            raise SandboxError(f"{schema.path} of {schema.module} {schema.version} does not have the pinned digest")
        draft = work / schema.name
        draft.write_bytes(content)
        return draft.replace(schema.path_in_cache)


def _downloaded(schema: Schema) -> bytes | None:
    # A schema is nearly always in the cache.
    import httpx

    try:
        reply = httpx.get(schema.url, timeout=httpx.Timeout(30, connect=4))
    except httpx.HTTPError:
        return None
    return reply.content if reply.is_success else None


def _from_module(schema: Schema, work: Path) -> bytes:
    go = shutil.which("go")
    accepted = f"access to {urlsplit(schema.url).hostname}, or a Go that reaches a module proxy"
    if not go:
        raise SandboxError(
            f"{schema.name} cannot be downloaded, and there is no Go on the PATH", key=schema.name, accepted=accepted
        )
    result = subprocess.run(
        [go, "mod", "download", "-json", f"{schema.module}@{schema.version}"],
        cwd=work,
        env={**os.environ, "GOWORK": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return (Path(json.loads(result.stdout)["Dir"]) / schema.path).read_bytes()
    except (ValueError, KeyError, OSError):
        output = (result.stdout + result.stderr).strip()[-300:]
        raise SandboxError(
            f"{schema.name} cannot be downloaded, and Go cannot download {schema.module} {schema.version}: {output}",
            key=schema.name,
            accepted=accepted,
        ) from None
