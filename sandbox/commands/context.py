"""The sandbox that a command works in: its settings, services and engine."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ops.project import project_name
from sandbox.cluster.external import external_kubeconfig
from sandbox.commands.in_use import in_use
from sandbox.commands.output import print_progress
from sandbox.directory import SandboxDirectory
from sandbox.engine.stack_file import find_stack_file, valid_stack_name
from sandbox.errors import SandboxError
from settings import Settings, base_name

if TYPE_CHECKING:
    from clients.kubernetes import Object

    # A command that only reads settings does not import the engine's and the cluster's libraries.
    from sandbox.engine.engine import Engine
    from sandbox.services.services import SandboxServices
    from sandbox.tools import Tool


def read_settings(stack: str | None, config: Path | None) -> tuple[str, Path, Settings]:
    """The stack's name, its file and the settings in it. Every error in the file is raised before anything starts."""
    name = valid_stack_name(stack, config)
    path = find_stack_file(name, config, SandboxDirectory())
    return name, path, Settings.from_stack_file(path)


def objects_name(stack: str) -> str:
    """The name of a stack's objects."""
    return base_name(project_name(), stack)


def stack_namespace(stack: str, settings: Settings) -> str:
    """The namespace of a stack."""
    return settings.namespace_name(objects_name(stack))


def read_manifests(folder: Path | None) -> "list[Object] | None":
    """The manifests in the folder that the user gave, None without one. Every error is raised before anything
    starts."""
    if folder is None:
        return None
    if external_kubeconfig():
        raise SandboxError(
            "the cluster is an external one, and has its own Services",
            key="--manifests",
            value=str(folder),
            accepted="the sandbox's own cluster, without CULVERT_SANDBOX_KUBECONFIG",
        )
    from sandbox.services import cluster_services

    return cluster_services.read_manifests(folder)


def services() -> "SandboxServices":
    from sandbox.services.services import SandboxServices

    return SandboxServices(SandboxDirectory(), print_progress)


def engine_tool() -> "Tool":
    from sandbox import tools

    return tools.ensure(["pulumi"], print_progress)["pulumi"]


def engine(running: "SandboxServices", name: str, config: Path, *, coloured: bool = False) -> "Engine":
    """The engine of one stack, working against running services."""
    environment = running.environment()
    return engine_class()(
        running.directory, name, config, engine_tool(), environment, print_progress, coloured=coloured
    )


@contextlib.contextmanager
def stored_stack(name: str, command: str) -> Iterator["Engine"]:
    """The engine of a stack of this sandbox, to read its state. It needs none of the sandbox's servers."""
    stopped = services()
    if not (stopped.directory.path / "stacks" / name).exists():
        known = ", ".join(sorted(path.name for path in stopped.directory.path.glob("stacks/*"))) or "none yet"
        raise SandboxError(
            f"stack {name!r} does not exist in this sandbox; stacks: {known}. "
            f"Create it with: python -m sandbox up --stack {name}",
            key="--stack",
            value=name,
            accepted=known,
        )
    with in_use(stopped.directory, command, print_progress):
        yield engine_class()(stopped.directory, name, None, engine_tool(), stopped.state_environment(), print_progress)


def engine_class() -> "type[Engine]":
    from clients import lazy_sdk

    # The engine imports the components of the program, which takes a second with the whole SDKs.
    lazy_sdk.install()
    from sandbox.engine.engine import Engine

    return Engine
