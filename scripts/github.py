"""Posts a workflow's result to GitHub with the `gh` command: a rehearsal as a comment, a drift as an issue.

    python -m scripts.github comment
        RUN (id of a workflow run), HEAD (the commit it rehearsed) and HEAD_REPOSITORY (`owner/name` of the repository
        with that commit) in the environment
    python -m scripts.github drift STACK COMMAND...
        runs a preview that expects no changes, and maintains one issue with its result
    python -m scripts.github summary TITLE FILE
        prints a file as Markdown for the summary of a workflow run

It edits and closes only what its own account wrote: `GH_LOGIN`, by default the account of GitHub Actions.

Needs no packages, because it also runs where none are installed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.drift import DRIFT
from scripts.markdown import MAX_LENGTH, cut_lines, decode, fenced, inline_code

MARKER = "<!-- culvert: rehearsal -->"
SUMMARY_LENGTH = 250_000
"""Characters of a summary; GitHub's limit for the summary of a step is 1 MiB, and a character has up to 4 bytes."""


def gh(*arguments: str, body: object = None) -> str:
    """The output of `gh`; `body` is sent as JSON. Raises where it fails, after it has printed the reason itself."""
    data = None if body is None else json.dumps(body).encode()
    return decode(subprocess.run(["gh", *arguments], input=data, stdout=subprocess.PIPE, check=True).stdout)


def list_all(path: str) -> list[dict[str, Any]]:
    """Every item of a paginated list of the API."""
    pages = json.loads(gh("api", "--paginate", "--slurp", f"{path}per_page=100"))
    return [item for page in pages for item in page]


def repository() -> str:
    name = os.environ.get("GITHUB_REPOSITORY")
    return name or json.loads(gh("repo", "view", "--json", "nameWithOwner"))["nameWithOwner"]


def own_login() -> str:
    """The account as the REST API names it. GitHub Actions' token may not ask for its own."""
    return os.environ.get("GH_LOGIN") or "github-actions[bot]"


def comment() -> None:
    """Posts the rehearsal on its pull request, or edits the earlier comment.

    Does nothing where the pull request has newer commits: a later run posts the result for them.
    """
    run, head, repo = os.environ["RUN"], os.environ["HEAD"], repository()
    source = os.environ.get("HEAD_REPOSITORY", "")
    pulls = list_all(f"repos/{repo}/pulls?state=open&")
    # A commit can be the head of a branch here and of one in a fork: the run belongs to only one of the two.
    numbers = [pull["number"] for pull in pulls if pull["head"]["sha"] == head and _repository_of(pull) == source]
    if not numbers:
        print(f"no open pull request has {head} of {source or 'a deleted fork'} as its head: nothing to comment on")
        return
    url = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repo}/actions/runs/{run}"
    footer = f"<sub>[Rehearsed]({url}) at {head}, without an account or a cluster.</sub>"
    text = _displayed(_download(run, repo), url, None if source == repo else source)
    body = {"body": f"{MARKER}\n{text}\n\n{footer}\n"}
    for existing in list_all(f"repos/{repo}/issues/{numbers[0]}/comments?"):
        if existing["user"]["login"] == own_login() and existing["body"].startswith(MARKER):
            path = f"repos/{repo}/issues/comments/{existing['id']}"
            gh("api", "--method", "PATCH", path, "--input", "-", body=body)
            return
    gh("api", "--method", "POST", f"repos/{repo}/issues/{numbers[0]}/comments", "--input", "-", body=body)


def _repository_of(pull: dict[str, Any]) -> str:
    """`owner/name` of the repository with a pull request's head; empty if that fork was deleted."""
    return (pull["head"].get("repo") or {}).get("full_name") or ""


def _download(run: str, repo: str) -> str:
    """The rehearsal of a run, empty if the run has none. As much of it as can be displayed, and one byte more."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            gh("run", "download", run, "--repo", repo, "--name", "rehearsal", "--dir", folder)
        except subprocess.CalledProcessError:
            return ""
        file = Path(folder, "rehearsal.md")
        # A symbolic link could lead to any file of this machine.
        if file.is_symlink() or not file.is_file():
            return ""
        with file.open("rb") as content:
            return decode(content.read(4 * MAX_LENGTH + 1))


def _displayed(text: str, url: str, fork: str | None) -> str:
    """The rehearsal as Markdown. The text of a fork is whatever the fork's code wrote: it is quoted, and said to be so.

    A branch of the repository itself is written by its own authors, and its text is rendered.
    """
    if not text.strip():
        return f"The rehearsal did not complete: [its log]({url})."
    truncated = f"Truncated: see [the run]({url})."
    if fork is None:
        shown = cut_lines(text, MAX_LENGTH)
        return shown if len(shown) == len(text.rstrip()) else f"{shown}\n\n{truncated}"
    name = inline_code(fork) if fork else "a fork that was deleted"
    author = f"Output of code from {name}. That code wrote all of it; nothing in it was checked."
    shown, complete = fenced(text, MAX_LENGTH)
    return f"{author}\n\n{shown}" + ("" if complete else f"\n\n{truncated}")


def drift(stack: str, command: list[str]) -> int:
    """Opens an issue where there is drift, edits the open one, and closes it when there is no drift any more.

    Returns the exit status of the step: 0 also where drift was reported, another one where the check itself failed.
    """
    try:
        check = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        print(f"the check cannot be run ({error}): whether there is drift is unknown", file=sys.stderr)
        return 127
    output = decode(check.stdout)
    print(output, end="", flush=True)
    if check.returncode not in (0, DRIFT):
        print(f"the check failed (exit status {check.returncode}): whether there is drift is unknown", file=sys.stderr)
        return check.returncode
    title, repo = f"Drift: {stack} differs from its stack file", repository()
    numbers = _own_issues(repo, title)
    if check.returncode == 0:
        for number in numbers:
            gh("issue", "close", number, "--repo", repo, "--comment", f"{stack} matches its stack file again.")
        return 0
    shown, complete = fenced(output, MAX_LENGTH)
    body = (
        f"`make drift STACK={stack}` finds differences between the stack file and the deployed resources. Keep them by "
        f"writing them into `Pulumi.{stack}.yaml`, or undo them with `pulumi up --refresh --stack {stack}`."
        f"\n\n{shown}\n"
    )
    body += "" if complete else "\nTruncated: the log of the run has all of it.\n"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "issue.md")
        file.write_text(body, encoding="utf-8")
        options = ["--repo", repo, "--title", title, "--body-file", str(file)]
        gh("issue", *(["edit", numbers[0]] if numbers else ["create"]), *options)
    return 0


def _own_issues(repo: str, title: str) -> list[str]:
    """The numbers of the open issues with this title that this account opened. Everyone can open one with any title."""
    login = own_login()
    issues = list_all(f"repos/{repo}/issues?state=open&creator={quote(login, safe='')}&")
    return [
        str(issue["number"])
        for issue in issues
        if issue["title"] == title and issue["user"]["login"] == login and "pull_request" not in issue
    ]


def summary(title: str, file: Path) -> None:
    """Prints what a step wrote, or that it wrote nothing."""
    content = decode(file.read_bytes()) if file.is_file() else ""
    shown, complete = fenced(content, SUMMARY_LENGTH) if content.strip() else ("No output.", True)
    print(f"## {title}\n\n{shown}" + ("" if complete else "\n\nTruncated: the log of the run has all of it."))


def main(arguments: list[str]) -> int:
    if arguments == ["comment"]:
        comment()
    elif len(arguments) > 2 and arguments[0] == "drift":
        return drift(arguments[1], arguments[2:])
    elif len(arguments) == 3 and arguments[0] == "summary":
        summary(arguments[1], Path(arguments[2]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as failed:
        # `gh` has printed the reason.
        sys.exit(f"scripts.github: `{' '.join(failed.cmd[:3])}` failed with exit status {failed.returncode}")
