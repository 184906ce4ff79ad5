"""Runs the program with the policy pack under the real engine: one run, with its violations as JSON on standard output.

`python -m tests.support.policy_engine`, with a JSON object on standard input: `operation` (`preview` or `up`), `stack`,
`environment` (whose policy configuration applies), `config` (a stack file's content), `folder` (the working directory),
`more` (Python code that runs after the program, with its names).
"""

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

from policy import environments
from tests.support.policy_stacks import PROJECT


def main() -> None:
    """Reads the operation, runs it and prints the result."""
    request: dict[str, Any] = json.load(sys.stdin)
    folder, stack = Path(request["folder"]), request["stack"]
    folder.mkdir(exist_ok=True)
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(request["config"]))
    (folder / "Pulumi.yaml").write_text((PROJECT / "Pulumi.yaml").read_text())
    launcher = str(environments.FOLDER / "launcher")
    workspace = automation.LocalWorkspace(
        work_dir=str(folder),
        program=lambda: exec(request["more"], runpy.run_path(str(PROJECT / "__main__.py"))),  # noqa: S102
        env_vars={"PATH": os.pathsep.join([launcher, os.environ["PATH"]]), "CULVERT_POLICY_PYTHON": sys.executable},
    )
    violations, created = [], []

    def on_event(event: Any) -> None:
        if policy_event := event.policy_event:
            violations.append(
                {
                    "rule": policy_event.policy_name,
                    "level": policy_event.enforcement_level,
                    "resource": policy_event.resource_urn.split("::")[-1],
                    "message": policy_event.message,
                }
            )
        if event.res_outputs_event:
            created.append(event.res_outputs_event.metadata.urn.split("::")[-1])

    log: list[str] = []
    failed = False
    try:
        getattr(automation.Stack.create_or_select(stack, workspace), request["operation"])(
            policy_packs=[str(environments.FOLDER)],
            policy_pack_configs=[str(environments.file(request["environment"]))],
            on_output=log.append,
            on_event=on_event,
        )
    except automation.CommandError as error:
        failed = True
        log.append(str(error))
    json.dump({"failed": failed, "violations": violations, "created": created, "log": "\n".join(log)}, sys.stdout)


if __name__ == "__main__":
    main()
