"""Posts a workflow's result to GitHub with the `gh` command: a rehearsal as a comment, a drift as an issue.

    github.py comment                   RUN (id of a workflow run) and HEAD (the commit it rehearsed) in the environment
    github.py drift STACK COMMAND...    runs a preview that expects no changes, and maintains one issue with its result

Needs no packages, because it also runs where none are installed. A rehearsal's text may come from a fork, so it is only
displayed: nothing else is read from it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MARKER = "<!-- culvert: rehearsal -->"
MAX_LENGTH = 60_000
"""Characters of a text; GitHub's limit for a comment or an issue is 65,536."""

DRIFT = 7
"""Exit status of an engine that expected no changes and found some (`ExitNoChanges` of the Pulumi command line)."""


def gh(*arguments: str, body: object = None) -> str:
    """The output of `gh`; `body` is sent as JSON. Raises where it fails, after it has printed the reason itself."""
    text = None if body is None else json.dumps(body)
    return subprocess.run(["gh", *arguments], input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


def list_all(path: str) -> list[dict[str, Any]]:
    """Every item of a paginated list of the API."""
    pages = json.loads(gh("api", "--paginate", "--slurp", f"{path}per_page=100"))
    return [item for page in pages for item in page]


def repository() -> str:
    name = os.environ.get("GITHUB_REPOSITORY")
    return name or json.loads(gh("repo", "view", "--json", "nameWithOwner"))["nameWithOwner"]


def comment() -> None:
    """Posts the rehearsal on its pull request, or edits the earlier comment.

    Does nothing where the pull request has newer commits: a later run posts the result for them.
    """
    run, head, repo = os.environ["RUN"], os.environ["HEAD"], repository()
    pulls = list_all(f"repos/{repo}/pulls?state=open&")
    numbers = [pull["number"] for pull in pulls if pull["head"]["sha"] == head]
    if not numbers:
        print(f"no open pull request has {head} as its head: there is nothing to comment on")
        return
    url = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repo}/actions/runs/{run}"
    footer = f"<sub>[Rehearsed]({url}) at {head}, without an account or a cluster.</sub>"
    with tempfile.TemporaryDirectory() as folder:
        gh("run", "download", run, "--repo", repo, "--name", "rehearsal", "--dir", folder)
        text = read_text(Path(folder, "rehearsal.md"), url)
    body = {"body": f"{MARKER}\n{text}\n\n{footer}\n"}
    author = os.environ.get("COMMENT_AUTHOR", "github-actions[bot]")
    for existing in list_all(f"repos/{repo}/issues/{numbers[0]}/comments?"):
        if existing["user"]["login"] == author and existing["body"].startswith(MARKER):
            path = f"repos/{repo}/issues/comments/{existing['id']}"
            gh("api", "--method", "PATCH", path, "--input", "-", body=body)
            return
    gh("api", "--method", "POST", f"repos/{repo}/issues/{numbers[0]}/comments", "--input", "-", body=body)


def read_text(file: Path, url: str) -> str:
    """The text of a file, up to `MAX_LENGTH`. Not of a symbolic link, which could lead to any file of this machine."""
    text = "" if file.is_symlink() or not file.is_file() else file.read_text(encoding="utf-8", errors="replace")
    if not text.strip():
        return f"The rehearsal did not complete: [its log]({url})."
    return text.rstrip() if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}\n\nTruncated: see [the run]({url})."


def drift(stack: str, command: list[str]) -> int:
    """Opens an issue where there is drift, edits the open one, and closes it when there is no drift any more.

    Returns the exit status of the step: 0 also where drift was reported, another one where the check itself failed.
    """
    check = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(check.stdout, end="", flush=True)
    if check.returncode not in (0, DRIFT):
        print(f"the check failed (exit status {check.returncode}): whether there is drift is unknown", file=sys.stderr)
        return check.returncode
    title, repo = f"Drift: {stack} differs from its stack file", repository()
    issues = json.loads(gh("issue", "list", "--repo", repo, "--limit", "1000", "--json", "number,title"))
    numbers = [str(issue["number"]) for issue in issues if issue["title"] == title]
    if check.returncode == 0:
        for number in numbers:
            gh("issue", "close", number, "--repo", repo, "--comment", f"{stack} matches its stack file again.")
        return 0
    fence = "~~~~~~"
    body = (
        f"`make drift STACK={stack}` finds differences between the stack file and the deployed resources. Keep them by "
        f"writing them into `Pulumi.{stack}.yaml`, or undo them with `pulumi up --refresh --stack {stack}`.\n\n"
        f"{fence}\n{check.stdout[:MAX_LENGTH]}\n{fence}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "issue.md")
        file.write_text(body, encoding="utf-8")
        options = ["--repo", repo, "--title", title, "--body-file", str(file)]
        gh("issue", *(["edit", numbers[0]] if numbers else ["create"]), *options)
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["comment"]:
        comment()
    elif len(sys.argv) > 3 and sys.argv[1] == "drift":
        sys.exit(drift(sys.argv[2], sys.argv[3:]))
    else:
        sys.exit(__doc__)
