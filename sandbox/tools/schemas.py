"""Definitions of custom kinds, as their projects publish them: got once, and only as they were when they were chosen."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.errors import SandboxError
from sandbox.tools.cache import folder
from sandbox.tools.tool import Progress


@dataclass(frozen=True)
class Schema:
    """One file of a project that is published as a Go module: where in it, and its SHA-256. `url` is the same file, by
    itself, for machines without Go."""

    name: str
    module: str
    version: str
    path: str
    digest: str
    url: str

    @property
    def place(self) -> Path:
        return folder() / "schemas" / f"{self.name}-{self.digest[:12]}.yaml"


def obtain(schema: Schema, progress: Progress) -> Path:
    """The file, out of the cache, downloaded, or taken from its Go module. `SandboxError` says why it cannot be had."""
    if schema.place.exists():
        return schema.place
    progress(f"getting {schema.name} {schema.version}, once")
    schema.place.parent.mkdir(parents=True, exist_ok=True)
    # Not in the workshop, where another process may be building for minutes: two that do this at once do no harm.
    with tempfile.TemporaryDirectory(dir=schema.place.parent) as draft_folder:
        work = Path(draft_folder)
        content = _downloaded(schema)
        if content is None:
            content = _from_module(schema, work)
        if hashlib.sha256(content).hexdigest() != schema.digest:
            raise SandboxError(f"{schema.path} of {schema.module} {schema.version} is not the file that was chosen")
        draft = work / schema.name
        draft.write_bytes(content)
        return draft.replace(schema.place)


def _downloaded(schema: Schema) -> bytes | None:
    try:
        reply = httpx.get(schema.url, timeout=httpx.Timeout(30, connect=4))
    except httpx.HTTPError:
        return None
    return reply.content if reply.is_success else None


def _from_module(schema: Schema, work: Path) -> bytes:
    go = shutil.which("go")
    accepted = f"{httpx.URL(schema.url).host} in reach, or a Go that reaches a module proxy"
    if not go:
        raise SandboxError(
            f"{schema.name} cannot be downloaded, and there is no Go on the PATH", key=schema.name, accepted=accepted
        )
    told = subprocess.run(
        [go, "mod", "download", "-json", f"{schema.module}@{schema.version}"],
        cwd=work,
        env={**os.environ, "GOWORK": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return (Path(json.loads(told.stdout)["Dir"]) / schema.path).read_bytes()
    except (ValueError, KeyError, OSError):
        why = (told.stdout + told.stderr).strip()[-300:]
        raise SandboxError(
            f"{schema.name} cannot be downloaded, and Go does not get {schema.module} {schema.version}: {why}",
            key=schema.name,
            accepted=accepted,
        ) from None
