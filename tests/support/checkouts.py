"""A repository like this one, in a folder of a test's own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.workflow_runner import PROJECT

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".sandbox", ".*_cache", ".hypothesis", "__pycache__", "tests", "docs"
)


def checkout(folder: Path) -> Path:
    """This project's files with the packages of this Python, so that `make` need not install any."""
    shutil.copytree(PROJECT, folder, ignore=_LEFT_OUT)
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
    """Runs git there as nobody in particular, whatever the user has configured."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commits all there is and returns the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    # git has just written the files anew.
    _keep_packages(folder)
    return git(folder, "rev-parse", "HEAD")
