"""Commands on the sandbox as a whole: calls, env, down."""

import os
import shlex
import sys
from typing import Annotated

import typer

from ops.options import Config, Stack
from sandbox.commands.context import engine_tool, read_manifests, read_settings, services, stack_namespace
from sandbox.commands.in_use import alone, end_commands, in_use
from sandbox.commands.options import Json, Manifests
from sandbox.commands.output import print_progress, print_result
from sandbox.directory import write_private
from sandbox.shell.programs import path_with_programs


def calls(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    mark: Annotated[
        bool, typer.Option("--mark", help="Set the mark after listing: the next list begins here.")
    ] = False,
) -> None:
    """List the API calls since the mark, or since the first start if no mark was set."""
    del stack, config  # accepted by every command; the calls are those of the whole sandbox
    running = services()
    file = running.directory.path / "mark"
    current, made = running.calls(int(file.read_text()) if file.exists() else 0)
    if mark:
        write_private(file, str(current))

    def print_lines() -> None:
        for call in made:
            print(f"{call['status']}  {call['method']:6} {call['path']}")
        print(f"{len(made)} calls", file=sys.stderr)

    print_result([{key: call[key] for key in ("method", "path", "status")} for call in made], as_json, print_lines)


def env(stack: Stack = None, config: Config = None, manifests: Manifests = None, as_json: Json = False) -> None:
    """Print the environment for `pulumi` and `ops verify` to work in the sandbox: eval "$(python -m sandbox env)"."""
    name, _, settings = read_settings(stack, config)
    namespace = stack_namespace(name, settings)
    given = read_manifests(manifests)
    running = services()
    with in_use(running.directory, "env", print_progress):
        running.start()
        running.seed(settings, namespace, given)
        variables = {
            **running.environment(),
            **running.verify_environment(),
            "PULUMI_HOME": str(running.directory.path / "pulumi"),
            "PULUMI_STACK": name,
            # For later commands of this shell.
            "CULVERT_SANDBOX_HOME": str(running.directory.path),
        }
        tool = engine_tool()
        variables["PATH"] = path_with_programs(running.directory, tool.path, os.environ.get("PATH", ""))

    def print_exports() -> None:
        for key, value in variables.items():
            print(f"export {key}={shlex.quote(value)}")

    print_result(variables, as_json, print_exports)


def down(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    delete: Annotated[bool, typer.Option("--delete", help="Also delete all data: state, API and cluster.")] = False,
) -> None:
    """Stop every process of the sandbox. Its data is kept for the next `up` unless --delete is given."""
    # Every command accepts --stack and --config, but one sandbox serves all stacks.
    if delete and (stack or config):
        raise typer.BadParameter("--delete removes the data of all stacks: leave out --stack and --config")
    from sandbox.engine.engine_processes import stop_engines

    running = services()
    directory = running.directory
    stopped: list[str] = []
    if directory.path.exists():
        with alone(directory, print_progress):
            stopped += end_commands(directory, print_progress)
            # A command ends its own engine; what is left is the engine of a killed command.
            stopped += ["engine"] * stop_engines(directory.backend_url) + running.stop()
            directory.delete_drafts()
            if delete:
                directory.delete()
    in_shell = os.environ.get("PULUMI_BACKEND_URL") == directory.backend_url
    left = "\nthis shell is still set up for the sandbox: open a new one for real stacks" if in_shell else ""
    summary = f"stopped: {', '.join(stopped)}" if stopped else "nothing was running"
    print_result(
        {"stopped": stopped, "deleted": delete},
        as_json,
        lambda: print(f"{summary}{'; data deleted' if delete else ''}{left}"),
    )
