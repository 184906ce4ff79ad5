"""The table of kinds: it has a row for everything that the program creates, and each row finds its resources."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.expected_stack import ExpectedStack
from ops.recover.cloudflare_kinds import SERVICE_TOKEN
from ops.recover.kinds import IN_THE_STATE_ALONE, KINDS
from ops.recover.live_resources import LiveResources
from ops.recover.object_kinds import ObjectKind
from ops.recover.orphans import orphans
from ops.recover.owner import Owner
from ops.recover.survey import survey
from settings import Settings
from tests.support.api_server import FakeApiServer
from tests.support.created_stack import EXAMPLES, create, example_name, record_program
from tests.support.emulator import Emulator
from tests.support.mock_recorder import Recorded, recorder
from tests.support.paths import PROJECT

STACKS = [*EXAMPLES, PROJECT / "Pulumi.dev.yaml", PROJECT / "Pulumi.prod.yaml"]
LOST: dict[str, Any] = {"version": 3, "deployment": {"resources": []}}


def owner_of(stack: ExpectedStack) -> Owner:
    tokens = {token for route in stack.settings.routes if route.access for token in route.access.service_tokens}
    return Owner("culvert", stack.stack, frozenset(f"{stack.name}-{token}" for token in tokens))


@pytest.fixture(scope="module")
def programs() -> dict[Path, Recorded]:
    """What the program registers for each stack file."""
    with recorder() as deploy:
        return {file: record_program(deploy, file, example_name(file)) for file in STACKS}


@pytest.mark.parametrize("file", STACKS, ids=example_name)
def test_every_resource_of_a_stack_is_found_by_its_inputs_and_without_a_state(
    file: Path,
    programs: dict[Path, Recorded],
    emulator: Emulator,
    cluster: FakeApiServer,
    everywhere: LiveResources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = example_name(file)
    recorded = programs[file]
    assert {resource.type for resource in recorded.resources} <= {*KINDS, *IN_THE_STATE_ALONE}
    created = create(recorded, emulator, cluster, monkeypatch, name)
    stack = ExpectedStack(name, f"culvert-{name}", Settings.from_stack_file(file))

    surveyed = survey(stack, owner_of(stack), LOST, everywhere)
    assert (surveyed.unclear, surveyed.unread) == ([], [])
    assert {one.key for one in surveyed.found} == created.keys
    left = orphans(surveyed.found, [], created.planned, LOST)
    assert [orphan.live for orphan in left if orphan.entry is None] == []
    for orphan in left:
        entry = orphan.entry
        assert entry
        assert "04da6b54" not in str(entry), "the live resource has what a preview does not know"
        # A pending operation has these inputs.
        found = everywhere.find(entry["type"], entry["inputs"])
        assert found
        assert found.key == orphan.live.key
        assert everywhere.find(entry["type"], entry["inputs"], {found.key}) is None
        assert entry.get("taint", False) == (found.kind is SERVICE_TOKEN)


def test_the_examples_create_every_kind_of_the_table(programs: dict[Path, Recorded]) -> None:
    types = {resource.type for recorded in programs.values() for resource in recorded.resources}
    assert set(KINDS) - types == {"kubernetes:monitoring.coreos.com/v1:PodMonitor"}
    assert set(IN_THE_STATE_ALONE) <= types


def test_the_table_has_every_resource_class_of_the_components() -> None:
    classes = {name for file in (PROJECT / "components").rglob("*.py") for name in resource_classes(file)}
    assert {"DnsRecord", "Deployment", "RandomPassword"} <= classes
    known = {type.rsplit(":", 1)[-1] for type in (*KINDS, *IN_THE_STATE_ALONE)}
    # The kinds of custom resources are arguments: the monitors', the secret operators' and the policy engines'.
    assert classes - known == {"CustomResource"}


def resource_classes(file: Path) -> Iterator[str]:
    """Names of the provider's classes that a module calls, with those of Kubernetes that it imports for that."""
    aliases: dict[str, str] = {}
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_kubernetes"):
            aliases |= {each.asname or each.name: each.name for each in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in aliases:
                yield aliases[function.id]
            elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                of_provider = function.value.id in ("cloudflare", "random") and function.attr[0].isupper()
                yield from [function.attr] if of_provider else []


def test_the_page_says_how_each_kind_is_recognized() -> None:
    page = (PROJECT / "docs/recover.md").read_text()
    for kind in KINDS.values():
        assert (kind.kind if isinstance(kind, ObjectKind) else kind.noun) in page
