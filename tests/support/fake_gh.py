"""A fake `gh`, with the part of a repository that the workflows use in a JSON file.

`FAKE_GITHUB` names the file: `{"pulls", "comments", "issues", "artifact", "calls"}`. Any unexpected call fails.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any


def _option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def _api(state: dict[str, Any], arguments: list[str]) -> object:
    if "--paginate" in arguments:
        path = arguments[-1].split("?")[0]
        kind = "pulls" if path.endswith("/pulls") else "comments"
        assert path in ("repos/me/it/pulls", "repos/me/it/issues/7/comments"), path
        # Two pages, as `--slurp` returns them.
        return [[], state[kind]]
    method, path, body = _option(arguments, "--method"), arguments[3], json.load(sys.stdin)
    if method == "POST":
        assert path == "repos/me/it/issues/7/comments"
        state["comments"].append({"id": 100, "user": {"login": "github-actions[bot]"}, **body})
    else:
        (comment,) = [item for item in state["comments"] if path == f"repos/me/it/issues/comments/{item['id']}"]
        comment.update(body)
    return {}


def _issue(state: dict[str, Any], verb: str, arguments: list[str]) -> object:
    if verb == "list":
        return [issue for issue in state["issues"] if issue["open"]]
    if verb == "create":
        state["issues"].append({"number": len(state["issues"]) + 1, "open": True})
    issue = state["issues"][-1] if verb == "create" else state["issues"][int(arguments[0]) - 1]
    if verb == "close":
        issue["open"] = False
    else:
        issue |= {"title": _option(arguments, "--title"), "body": Path(_option(arguments, "--body-file")).read_text()}
    return ""


def main() -> None:
    file = Path(os.environ["FAKE_GITHUB"])
    state = json.loads(file.read_text())
    arguments = sys.argv[1:]
    state["calls"].append(arguments)
    assert "GH_TOKEN" in os.environ
    if arguments[0] == "api":
        response = _api(state, arguments)
    elif arguments[:2] == ["run", "download"]:
        assert arguments[2] == "42"
        shutil.copytree(state["artifact"], _option(arguments, "--dir"), symlinks=True, dirs_exist_ok=True)
        response = ""
    else:
        assert arguments[0] == "issue"
        response = _issue(state, arguments[1], arguments[2:])
    file.write_text(json.dumps(state))
    print(json.dumps(response))


main()
