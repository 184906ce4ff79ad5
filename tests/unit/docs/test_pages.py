"""The pages: their links have targets, their commands exist, their stack files are valid."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic.alias_generators import to_camel
from typer.main import get_command

from components import Exposure
from ops.cli import app as ops
from sandbox.cli import app as sandbox
from scripts.generate.files import PROJECT
from settings import Settings
from settings.errors import PREFIX

PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
PAGES_WITH_STACK_FILES = [PROJECT / "docs" / name for name in ("environments.md", "from-the-guide.md", "adoption.md")]


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def headings(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in titles}


def links(page: Path) -> Iterator[tuple[str, str]]:
    """A page's links within this project: path and anchor."""
    for target in re.findall(r"\]\(([^()\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_has_a_file_and_a_heading_as_its_target(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} does not exist"
        if anchor:
            assert anchor in headings(target), f"{path}#{anchor}: no such heading"


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, waiting = set(), [PROJECT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            waiting += [(page.parent / path).resolve() for path, _ in links(page) if path]
    assert {page for page in PAGES if page.is_relative_to(PROJECT / "docs")} <= reached


@pytest.mark.parametrize("page", PAGES_WITH_STACK_FILES, ids=lambda page: page.name)
def test_stack_files_in_the_pages_are_valid(page: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    configs = [config for block in blocks if (config := yaml.safe_load(block).get("config"))]
    assert configs
    for config in configs:
        Settings.parse({key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_in_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    blocks = "\n".join(re.findall(r"^ *```(?:sh|console)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE))
    called = re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^ *(?:\$ )?make ([a-z-]+)", blocks, re.MULTILINE)
    assert set(called) <= targets
    for package, app in (("sandbox", sandbox), ("ops", ops)):
        commands = set(getattr(get_command(app), "commands"))  # noqa: B009
        assert set(re.findall(rf"python -m {package} ([a-z]+)", text)) <= commands
    outputs = {to_camel(name) for name in Exposure.__annotations__}
    assert set(re.findall(r"pulumi stack output (\w+)", text)) <= outputs
