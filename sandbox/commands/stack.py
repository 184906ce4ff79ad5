"""Commands on one stack: check, preview, up, refresh, destroy, outputs, export."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.options import Config, Stack
from ops.shared_hostnames import shared_hostnames
from sandbox.commands.context import (
    engine,
    engine_class,
    objects_name,
    read_manifests,
    read_settings,
    services,
    stack_namespace,
    stored_stack,
)
from sandbox.commands.in_use import in_use
from sandbox.commands.options import Json, Manifests, Policy
from sandbox.commands.output import local_address, print_progress, print_result
from sandbox.engine.stack_file import valid_stack_name

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.engine.update_result import UpdateResult


def check(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Read the stack file and report every error in it; start nothing."""
    name, path, settings = read_settings(stack, config)
    hostnames = list(settings.hostnames())
    notes = [each.message for each in shared_hostnames(path, settings)]

    def print_lines() -> None:
        print(f"{path.name} is valid. Hostnames: {', '.join(hostnames) or 'none'}")
        for note in notes:
            print(f"note: {note}")

    print_result({"stack": name, "config": str(path), "hostnames": hostnames, "notes": notes}, as_json, print_lines)


def preview(
    stack: Stack = None,
    config: Config = None,
    policy: Policy = False,
    manifests: Manifests = None,
    as_json: Json = False,
) -> None:
    """Show what `up` would do; change nothing."""
    _run(stack, config, as_json, "preview", manifests, policy=policy)


def up(
    stack: Stack = None,
    config: Config = None,
    policy: Policy = False,
    manifests: Manifests = None,
    as_json: Json = False,
) -> None:
    """Create or update the stack, and leave the sandbox running until `down`."""
    _run(stack, config, as_json, "up", manifests, policy=policy)


def refresh(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Read every resource and show what has changed outside the stack."""
    _run(stack, config, as_json, "refresh")


def destroy(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    run_program: Annotated[
        bool, typer.Option("--run-program", help="Also disconnect connectors from outside the stack.")
    ] = False,
    shared_namespace: Annotated[
        bool,
        typer.Option(
            "--delete-shared-namespace",
            help="Also delete a namespace that has objects of others, and these with it.",
        ),
    ] = False,
    only_preview: Annotated[
        bool,
        typer.Option("--preview", help="Show what would be deleted, and what along with a namespace; delete nothing."),
    ] = False,
) -> None:
    """Delete every resource of the stack."""
    _run(
        stack,
        config,
        as_json,
        "destroy",
        run_program=run_program,
        shared_namespace=shared_namespace,
        preview=only_preview,
    )


def outputs(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Print the stack's outputs, with secrets masked."""
    with stored_stack(valid_stack_name(stack, config), "outputs") as stored:
        values = stored.outputs()

    def print_lines() -> None:
        for key, value in values.items():
            print(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")

    print_result(values, as_json, print_lines)


def export(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Print the stack's state, with secrets encrypted."""
    with stored_stack(valid_stack_name(stack, config), "export") as stored:
        state = stored.export()
    print_result(state, as_json, lambda: print(json.dumps(state, indent=2)))


def _run(
    stack: str | None,
    config: Path | None,
    as_json: bool,
    operation: str,
    manifests: Path | None = None,
    **options: bool,
) -> None:
    """Runs an operation of the engine on a stack and prints its result."""
    from sandbox.services.admin_api import CallCount

    console = None if as_json else _terminal()
    coloured = bool(console and console.color_system is not None and not console.no_color)
    name, path, settings = read_settings(stack, config)
    namespace = stack_namespace(name, settings)
    given = read_manifests(manifests)
    running = services()
    with in_use(running.directory, operation, print_progress):
        try:
            running.start(meanwhile=engine_class)
            if operation in ("preview", "up"):
                running.reject_invalid_objects(objects_name(name), settings)
            running.seed(settings, namespace, given)
            mark, _ = running.calls()
            on_output = print_progress if as_json else print
            result: UpdateResult = getattr(engine(running, name, path, coloured=coloured), operation)(
                on_output, **options
            )
            _, calls = running.calls(mark)
        except KeyboardInterrupt:
            running.stop_started()
            raise
    count = CallCount.of(calls)
    printed = {**result.as_json(), "calls": asdict(count)}
    if options.get("policy"):
        printed["violations"] = [asdict(violation) for violation in result.violations]

    def print_summary() -> None:
        if console:
            from sandbox.commands.resource_tree import resource_tree

            console.print(resource_tree(result.steps))
        for note in result.notes:
            print(f"note: {note}")
        print(f"API calls: {count}. Dashboard: {running.dashboard()}")
        if operation != "destroy" and settings.public_hostname:
            # A wildcard stands for any name.
            hostname = settings.public_hostname.replace("*", "any")
            print(f"To visit {hostname}: {local_address(hostname, running.frontend() or '')}/")

    print_result(printed, as_json, print_summary)


def _terminal() -> "Console | None":
    """The terminal that standard output leads to, if any."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else None
