"""Compares a stack with what exists, and prints only what an update would set back.

    python -m scripts.drift STACK

The engine's own text of a refreshed preview has every field that changed, most of which the cluster and Cloudflare
change themselves: the status of objects, their versions and managers, the connections of a tunnel. Exit status: 0
without a difference, 7 with one, as the engine's for changes that were not expected; the engine's own if it failed.

Needs no packages, because it also runs where none are installed.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

DRIFT = 7
"""Exit status of an engine that expected no changes and found some (`ExitNoChanges` of the Pulumi command line)."""
FORCE = "PULUMI_K8S_ENABLE_PATCH_FORCE"
"""Makes the Kubernetes provider show a field of another manager as a difference. A preview sets nothing."""
CONFLICT = "field conflict detected"
_UNCHANGED = ("same", "refresh", "read")
_PART = re.compile(r'\["(?P<quoted>[^"]*)"\]|\[(?P<index>\d+)\]|\.?(?P<name>[^.\[]+)')
_MISSING: Any = object()
_WIDTH = 120


def main(stack: str) -> int:
    command = ["pulumi", "preview", "--refresh", "--expect-no-changes", "--json", "--stack", stack]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, FORCE: "true"})
    except OSError as error:
        print(f"the engine cannot be run: {error}", file=sys.stderr)
        return 127
    try:
        preview = json.loads(done.stdout)
        steps, diagnostics = preview["steps"], preview.get("diagnostics") or []
    except (ValueError, TypeError, KeyError):
        # The engine failed before it compared anything, in its own words.
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
        return done.returncode
    failures = [each for each in diagnostics if each.get("severity") == "error" and each.get("urn")]
    conflicts = [each for each in failures if CONFLICT in each["message"]]
    lines = [line for step in steps for line in changes(step)]
    lines += [f"{_title(each['urn'])}: {each['message'].strip()}" for each in conflicts]
    for each in diagnostics:
        # Of the program: a deleted tunnel, which no step shows, or a Service that cannot be read.
        if each.get("severity") == "warning" and each.get("urn"):
            print(each["message"].strip())
    if done.returncode not in (0, DRIFT) and (not conflicts or len(failures) > len(conflicts)):
        lines += [each["message"].strip() for each in diagnostics if each.get("severity") == "error"]
        print("\n".join(lines))
        return done.returncode
    if not lines and done.returncode == 0:
        print(f"{stack} is as its stack file says")
        return 0
    lines += ["", f"Keep this by writing it into Pulumi.{stack}.yaml, or undo it: pulumi up --refresh --stack {stack}"]
    if conflicts:
        lines.append(f"What another manager changed is restored with {FORCE}=true before that command.")
    print("\n".join(lines))
    return DRIFT


def changes(step: Mapping[str, Any]) -> Iterator[str]:
    """One line for a resource that an update would change, and one for each of its properties."""
    if step["op"] in _UNCHANGED or step["urn"].endswith("::pulumi:pulumi:Stack"):
        return
    yield f"{_title(step['urn'])}: {step['op']}"
    old, new = (step.get(side) or {} for side in ("oldState", "newState"))
    if not old or not new:
        return
    for path in _paths(step, old, new):
        parts = _parts(path)
        before, after = _at(old.get("inputs"), parts), _at(new.get("inputs"), parts)
        if before is _MISSING or before == after:
            # Some providers leave the inputs as they were, and read only the outputs again.
            before = _at(old.get("outputs"), parts)
        if before != after:
            yield f"    {path}: {_text(before)} → {_text(after)}"


def _paths(step: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Paths of the properties that differ. A key of the API's own, such as a time, is in no input."""
    inputs = {**(old.get("inputs") or {}), **(new.get("inputs") or {})}
    reported = step.get("detailedDiff") or step.get("diffReasons") or []
    return [path for path in reported if (top := str(_parts(path)[0])) in inputs and not top.startswith("__")]


def _parts(path: str) -> list[str | int]:
    return [
        int(match["index"]) if match["index"] else match["quoted"] or match["name"] for match in _PART.finditer(path)
    ]


def _at(value: Any, parts: list[str | int]) -> Any:
    for part in parts:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return value


def _text(value: Any) -> str:
    text = "-" if value is _MISSING else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _title(urn: str) -> str:
    """Kind and name: `DnsRecord culvert-dev-blog.example.com`."""
    _, _, types, name = urn.split("::", 3)
    return f"{types.rpartition(':')[2]} {name}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
