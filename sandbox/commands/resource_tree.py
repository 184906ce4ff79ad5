"""The resources of one run as a tree of components, for a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from pulumi.automation.events import StepEventMetadata
from rich.text import Text
from rich.tree import Tree

from ops.recover.state import urn_name

_MARKS = {
    "create": ("+", "green"),
    "import": ("=", "cyan"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
    "same": ("", ""),
}
"""Mark and colour by the step's operation."""


def resource_tree(steps: Iterable[StepEventMetadata]) -> Tree:
    """The resources of these steps below their components. Resources without a change are counted, not listed."""
    by_urn = {step.urn: step for step in steps}
    children: dict[str, list[StepEventMetadata]] = {}
    for step in by_urn.values():
        children.setdefault(_parent(step, by_urn), []).append(step)
    tree = Tree("", hide_root=True, guide_style="dim")
    _add_children(tree, "", children)
    return tree


def _parent(step: StepEventMetadata, by_urn: Mapping[str, StepEventMetadata]) -> str:
    """The URN of the parent among the steps; empty for none."""
    described = step.new or step.old
    return described.parent if described and described.parent in by_urn else ""


def _add_children(tree: Tree, urn: str, children: Mapping[str, Sequence[StepEventMetadata]]) -> None:
    unchanged = 0
    for step in children.get(urn, ()):
        if step.op.value == "same" and step.urn not in children:
            unchanged += 1
        else:
            _add_children(tree.add(_label(step)), step.urn, children)
    if unchanged:
        tree.add(Text(f"{unchanged} unchanged", style="dim"))


def _label(step: StepEventMetadata) -> Text:
    mark, colour = _MARKS[step.op.value]
    return Text.assemble((f"{mark} {step.type.split(':')[-1]}".lstrip(), colour), f" {urn_name(step.urn)}")
