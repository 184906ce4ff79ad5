"""Kubernetes objects of the input: their kind, name and namespace."""

from dataclasses import replace

from ops.migrate.input_object import InputObject


def key_of(resource: InputObject) -> tuple[str, str]:
    """Namespace and name."""
    metadata = titled(resource, str(resource.get("kind"))).object("metadata")
    return metadata.text("namespace") or "default", metadata.text("name")


def title_of(resource: InputObject) -> str:
    """Kind and name, for messages."""
    return f"{resource.get('kind')} {key_of(resource)[1]}"


def titled(resource: InputObject, title: str = "") -> InputObject:
    """The object with its title in errors; its keys are then those of the object alone."""
    title = title or title_of(resource)
    return replace(resource, title=title, place=replace(resource.place, key=""))
