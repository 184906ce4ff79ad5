"""Which way imports run, and which packages each tier of requirements has to bring.

Imports in functions and under TYPE_CHECKING count: a reader follows them as any other.
"""

import ast
import sys
from graphlib import TopologicalSorter
from importlib import metadata

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import PROJECT

LAYERS = ("scripts", "sandbox", "ops", "traffic", "plugin", "components", "clients", "settings")
"""A folder imports from those after it, never from those before it."""
GRAPH = grimp.build_graph(*LAYERS, "policy", include_external_packages=True, cache_dir=None)


def test_imports_run_down_the_layers() -> None:
    assert GRAPH.find_illegal_dependencies_for_layers(layers=LAYERS) == set()


def test_the_policy_pack_imports_no_other_folder() -> None:
    imported = {module.split(".")[0] for module in _reached("policy")}
    assert imported & {*LAYERS} == set()


def test_no_module_imports_itself_through_others() -> None:
    # Raises CycleError with the modules of the circle.
    TopologicalSorter({module: GRAPH.find_modules_directly_imported_by(module) for module in GRAPH.modules}).prepare()


@pytest.mark.parametrize(
    ("tier", "folders"),
    [
        ("requirements.txt", ("components", "settings", "policy")),
        ("plugin/requirements.txt", ("plugin",)),
        ("requirements-ops.txt", ("ops", "clients", "traffic")),
        ("requirements-dev.txt", LAYERS),
    ],
)
def test_a_tier_brings_what_its_folders_import(tier: str, folders: tuple[str, ...]) -> None:
    reached = {module for folder in folders for module in _reached(folder)}
    imported = {module.split(".")[0] for module in reached} - {*LAYERS, "policy"} - sys.stdlib_module_names
    providers, installed = metadata.packages_distributions(), _installed(tier)
    missing = {name for name in imported if not {canonicalize_name(each) for each in providers[name]} & installed}
    assert imported
    assert missing == set()


def test_the_program_imports_only_folders_of_the_first_tier() -> None:
    program = ast.parse((PROJECT / "culvert.py").read_text())
    ours = {*LAYERS, "policy"}
    modules = {node.module for node in ast.walk(program) if isinstance(node, ast.ImportFrom) and node.module}
    reached = {module.split(".")[0] for root in modules if root.split(".")[0] in ours for module in _reached(root)}
    assert {"components", "settings"} <= reached & ours <= {"components", "settings", "clients"}


def _reached(folder: str) -> set[str]:
    """The modules of a folder, and those that they import, directly or not."""
    modules = {folder, *GRAPH.find_descendants(folder)}
    return modules.union(*(GRAPH.find_upstream_modules(module) for module in modules))


def _installed(tier: str) -> set[str]:
    """The distributions that pip installs for a file of requirements, those they require in turn included."""
    installed: set[str] = set()
    waiting = _pinned(tier)
    while waiting:
        name = waiting.pop()
        if name not in installed:
            installed.add(name)
            needs = [Requirement(need) for need in metadata.distribution(name).requires or []]
            waiting |= {
                canonicalize_name(need.name) for need in needs if not need.marker or need.marker.evaluate({"extra": ""})
            }
    return installed


def _pinned(tier: str) -> set[str]:
    lines = [line for line in (PROJECT / tier).read_text().splitlines() if line and line[0] != "#"]
    included = [_pinned(line.removeprefix("-r ")) for line in lines if line.startswith("-r ")]
    pins = {canonicalize_name(Requirement(line).name) for line in lines if not line.startswith("-r ")}
    return pins.union(*included)
