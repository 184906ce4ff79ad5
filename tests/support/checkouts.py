"""A copy of this repository in a test's folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.workflow_runner import PROJECT

_EXCLUDED = shutil.ignore_patterns(
    ".git", ".venv", ".sandbox", ".*_cache", ".hypothesis", "__pycache__", "tests", "docs"
)


def checkout(folder: Path) -> Path:
    """This project's files and this Python's packages, so that `make` installs none."""
    shutil.copytree(PROJECT, folder, ignore=_EXCLUDED)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python").chmod(0o755)
    _keep_packages(folder)
    for stamp in (".program", ".ops", ".dev"):
        (programs / stamp).touch()
    return folder


def _keep_packages(folder: Path) -> None:
    """Makes the requirements older than the stamps in .venv, so that `make` installs nothing."""
    for requirements in folder.glob("requirements*.txt"):
        os.utime(requirements, (0, 0))


def git(folder: Path, *arguments: str) -> str:
    """Runs git in the folder with a test identity, whatever the user has configured."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commits all files; the commit's id."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    # git has just rewritten the files.
    _keep_packages(folder)
    return git(folder, "rev-parse", "HEAD")
