"""No example puts an application into a namespace that a stack creates: it would be deleted with the stack."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings
from tests.support.paths import PROJECT

STACKS = [*sorted((PROJECT / "examples/stacks").glob("*.yaml")), *sorted(PROJECT.glob("Pulumi.*.yaml"))]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name)
def test_a_stack_file_routes_to_no_service_of_the_namespace_that_it_creates(file: Path) -> None:
    settings = Settings.from_stack_file(file)
    if settings.namespace is None or not settings.namespace.create:
        return
    own = {None, settings.namespace.name}
    services = {route.origin.service for route in settings.routes if route.origin.namespace in own}
    # The sample site is part of the stack.
    assert services - {None, "", settings.sample_site.name if settings.sample_site else None} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_routes_to_no_service_of_the_namespace_that_a_stack_creates(page: Path) -> None:
    for config in configurations(page.read_text()):
        namespace = config.get("culvert:namespace")
        name = namespace if isinstance(namespace, str) else (namespace or {}).get("name")
        if isinstance(namespace, dict) and namespace.get("create") is False:
            continue
        for route in config.get("culvert:routes") or []:
            backend, service = route.get("backend"), str(route.get("service", ""))
            host = re.match(r"\w+://([a-z-]+(?:\.[a-z-]+)?)(?=[:/.]|$)", service)
            of_site = bool(config.get("culvert:sampleSite")) or "://" not in service
            within = backend.get("namespace") if backend else host[1].partition(".")[2] if host else "outside"
            assert (of_site and not backend) or within not in ("", None, name), route


def test_the_typescript_example_routes_to_services_of_another_namespace_than_the_connectors() -> None:
    program = (PROJECT / "examples/typescript/index.ts").read_text()
    assert "\n    namespace: name,\n" in program
    backends = re.findall(r"backend: \{(.*?\{.*?\}.*?)\}", program, re.DOTALL)
    assert len(backends) == program.count("backend:") == 2
    assert [re.findall(r'namespace: "(.*?)"', each) for each in backends] == [["shop"], ["shop"]]


def configurations(text: str) -> Iterator[dict[str, Any]]:
    """The stack files among a page's blocks of YAML."""
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        content = yaml.safe_load(block)
        config = content.get("config", content) if isinstance(content, dict) else {}
        if isinstance(config, dict) and "culvert:routes" in config:
            yield config
