"""Tells GitHub what a workflow found, by its command line tool: a rehearsal as a comment, a drift as an issue.

    tell.py comment                    RUN (id of a workflow run) and HEAD (the commit it rehearsed) in the environment
    tell.py drift STACK COMMAND...     runs a preview that expects no changes, and keeps one issue about what it finds

Needs no packages: it runs where nothing is installed. What a rehearsal says may come from a stranger's fork. It is text to be
shown, and nothing else is taken from it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MARKER = "<!-- culvert: rehearsal -->"
MOST = 60_000
"""Characters of a text; GitHub takes 65,536 in a comment or an issue."""

DRIFT = 7
"""Exit status of an engine that expected no changes and found some (`ExitNoChanges` of the Pulumi command line)."""


def gh(*arguments: str, given: object = None) -> str:
    """What the command answers; `given` is sent as JSON. Raises where it fails: it has said why by then."""
    text = None if given is None else json.dumps(given)
    return subprocess.run(["gh", *arguments], input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


def pages(path: str) -> list[dict[str, Any]]:
    """Every item of a list of the API."""
    return [item for page in json.loads(gh("api", "--paginate", "--slurp", f"{path}per_page=100")) for item in page]


def repository() -> str:
    named = os.environ.get("GITHUB_REPOSITORY")
    return named or json.loads(gh("repo", "view", "--json", "nameWithOwner"))["nameWithOwner"]


def comment() -> None:
    """Posts the rehearsal on its pull request, or edits the comment that is there. Does nothing where the pull request has
    moved on: a later run speaks for it."""
    run, head, where = os.environ["RUN"], os.environ["HEAD"], repository()
    numbers = [pull["number"] for pull in pages(f"repos/{where}/pulls?state=open&") if pull["head"]["sha"] == head]
    if not numbers:
        print(f"no open pull request ends in {head}: nothing to tell")
        return
    url = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{where}/actions/runs/{run}"
    footer = f"<sub>[Rehearsed]({url}) at {head}, with no account and no cluster.</sub>"
    with tempfile.TemporaryDirectory() as folder:
        gh("run", "download", run, "--repo", where, "--name", "rehearsal", "--dir", folder)
        said = shown(Path(folder, "rehearsal.md"), url)
    body = {"body": f"{MARKER}\n{said}\n\n{footer}\n"}
    ours = os.environ.get("COMMENT_AUTHOR", "github-actions[bot]")
    for posted in pages(f"repos/{where}/issues/{numbers[0]}/comments?"):
        if posted["user"]["login"] == ours and posted["body"].startswith(MARKER):
            gh("api", "--method", "PATCH", f"repos/{where}/issues/comments/{posted['id']}", "--input", "-", given=body)
            return
    gh("api", "--method", "POST", f"repos/{where}/issues/{numbers[0]}/comments", "--input", "-", given=body)


def shown(file: Path, url: str) -> str:
    """The text of a file, as much of it as can be shown."""
    text = "" if file.is_symlink() or not file.is_file() else file.read_text(encoding="utf-8", errors="replace")
    if not text.strip():
        return f"The rehearsal did not come to an end: [what it said]({url})."
    return text.rstrip() if len(text) <= MOST else f"{text[:MOST]}\n\nCut here: the whole is with [the run]({url})."


def drift(stack: str, command: list[str]) -> int:
    """Opens an issue where there is drift, edits the one that is open, and closes it when the drift is gone.

    Returns the exit status for the caller: a drift that is told is no failure; a check that could not be made is one.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode not in (0, DRIFT):
        print(f"the check itself failed (exit status {done.returncode}): nothing is known about drift", file=sys.stderr)
        return done.returncode
    title, where = f"Drift: {stack} is not as declared", repository()
    listed = json.loads(gh("issue", "list", "--repo", where, "--limit", "1000", "--json", "number,title"))
    numbers = [str(issue["number"]) for issue in listed if issue["title"] == title]
    if done.returncode == 0:
        for number in numbers:
            gh("issue", "close", number, "--repo", where, "--comment", f"{stack} is as declared again.")
        return 0
    fence = "~~~~~~"
    body = (
        f"`make drift STACK={stack}` finds differences between what is declared and what is there. Keep them by writing them "
        f"into `Pulumi.{stack}.yaml`, or undo them with `pulumi up --refresh --stack {stack}`.\n\n"
        f"{fence}\n{done.stdout[:MOST]}\n{fence}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "issue.md")
        file.write_text(body, encoding="utf-8")
        told = ["--repo", where, "--title", title, "--body-file", str(file)]
        gh("issue", *(["edit", numbers[0]] if numbers else ["create"]), *told)
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["comment"]:
        comment()
    elif len(sys.argv) > 3 and sys.argv[1] == "drift":
        sys.exit(drift(sys.argv[2], sys.argv[3:]))
    else:
        sys.exit(__doc__)
