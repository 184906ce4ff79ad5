"""A fake `gh`, with the part of a repository that the workflows use in a JSON file.

`FAKE_GITHUB` names the file: `{"pulls", "comments", "issues", "artifact", "calls"}`. Any unexpected call fails.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs


def _option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def _api(state: dict[str, Any], arguments: list[str]) -> object:
    if "--paginate" in arguments:
        path, _, query = arguments[-1].partition("?")
        # Two pages, as `--slurp` returns them.
        return [[], _list(state, path, parse_qs(query))]
    method, path, body = _option(arguments, "--method"), arguments[3], json.load(sys.stdin)
    if method == "POST":
        assert path == "repos/me/it/issues/7/comments"
        state["comments"].append({"id": 100, "user": {"login": "github-actions[bot]"}, **body})
    else:
        (comment,) = [item for item in state["comments"] if path == f"repos/me/it/issues/comments/{item['id']}"]
        comment.update(body)
    return {}


def _list(state: dict[str, Any], path: str, query: dict[str, list[str]]) -> list[dict[str, Any]]:
    if path == "repos/me/it/issues":
        assert query["state"] == ["open"]
        (creator,) = query["creator"]
        return [issue for issue in state["issues"] if issue["open"] and issue["user"]["login"] == creator]
    return state[{"repos/me/it/pulls": "pulls", "repos/me/it/issues/7/comments": "comments"}[path]]


def _issue(state: dict[str, Any], verb: str, arguments: list[str]) -> object:
    if verb == "create":
        user = {"login": "github-actions[bot]"}
        state["issues"].append({"number": len(state["issues"]) + 1, "open": True, "user": user})
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
        if not os.path.exists(state["artifact"]):
            sys.exit("no valid artifacts found to download")
        shutil.copytree(state["artifact"], _option(arguments, "--dir"), symlinks=True, dirs_exist_ok=True)
        response = ""
    else:
        assert arguments[0] == "issue"
        response = _issue(state, arguments[1], arguments[2:])
    file.write_text(json.dumps(state))
    print(json.dumps(response))


main()
