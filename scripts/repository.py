"""Writes the address of this repository where its pages, templates and package name it: `python -m scripts.repository`.

The address is that of the git remote `origin`, or an argument. Until it has run, the owner is the placeholder OWNER.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
_REMOTE = re.compile(
    r"(?:https://|ssh://)?(?:[\w.-]+@)?github\.com[:/](?P<owner>[\w-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?", re.IGNORECASE
)
_TEXTS = (".md", ".py", ".txt", ".yaml")
_CHANGED = ("README.md", "docs", "templates", "plugin/package.py")
_OWN = re.compile(r"^REPOSITORY = \"https://github\.com/(.+)\"$", re.MULTILINE)


def repository(address: str) -> str:
    """`owner/name` of a GitHub repository, from its address for git. Raises ValueError for any other address."""
    match = _REMOTE.fullmatch(address.strip())
    if not match:
        raise ValueError(f"{address!r} is not the address of a repository on GitHub: https://github.com/owner/culvert")
    return f"{match['owner']}/{match['name']}"


def rewrite(folder: Path, new: str) -> list[Path]:
    """Names the repository `new` in the files below `folder` instead of the one that the package names now. Returns the
    files that changed."""
    (old,) = _OWN.findall((folder / "plugin/package.py").read_text(encoding="utf-8"))
    named = re.compile(rf"(github\.com/){re.escape(old)}(?=[/.@\s\"`)]|$)")
    changed = []
    for file in _files(folder):
        text = file.read_text(encoding="utf-8")
        replaced = named.sub(lambda match: match[1] + new, text)
        replaced = replaced.replace(f"{new} && cd {old.partition('/')[2]}", f"{new} && cd {new.partition('/')[2]}")
        if replaced != text:
            file.write_text(replaced, encoding="utf-8")
            changed.append(file)
    return changed


def _files(folder: Path) -> Iterator[Path]:
    for name in _CHANGED:
        path = folder / name
        yield from [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.suffix in _TEXTS)


def _origin() -> str:
    asked = subprocess.run(
        ["git", "remote", "get-url", "origin"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise ValueError("there is no git remote origin: name the address, https://github.com/owner/culvert")
    return asked.stdout


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.repository", description=__doc__)
    parser.add_argument("address", nargs="?", help="the repository's address (default: that of the remote origin)")
    given = parser.parse_args().address
    try:
        new = repository(given or _origin())
    except ValueError as error:
        sys.exit(str(error))
    for file in rewrite(PROJECT, new):
        print(file.relative_to(PROJECT))
    # In a process of its own, since the package's schema has the address too.
    subprocess.run([sys.executable, "-m", "scripts.generate"], cwd=PROJECT, check=True)


if __name__ == "__main__":
    main()
