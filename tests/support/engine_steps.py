"""Steps of the engine, as its events describe them."""

from pulumi.automation.events import OpType, StepEventMetadata, StepEventStateMetadata


def step(op: str, type: str, name: str, parent: str | None) -> StepEventMetadata:
    """A step on a resource; `parent` is `TYPE::NAME`."""
    urn = f"urn:pulumi:dev::culvert::{type}::{name}"
    above = f"urn:pulumi:dev::culvert::{parent}" if parent else ""
    described = StepEventStateMetadata(type, urn, id="", parent=above, provider="")
    deleted = op == "delete"
    return StepEventMetadata(
        OpType(op), urn, type, provider="", old=described if deleted else None, new=None if deleted else described
    )
