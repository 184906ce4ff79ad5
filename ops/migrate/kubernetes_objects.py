"""Kubernetes objects of the input: their kind, name and namespace."""

from dataclasses import replace

from ops.migrate.input_object import InputObject

DEFAULT_NAMESPACE = "default"


def is_kubernetes(document: InputObject) -> bool:
    """Whether a document is an object of Kubernetes."""
    return all(isinstance(document.get(key), str) and document.get(key) for key in ("kind", "apiVersion"))


def group_of(resource: InputObject) -> str:
    """The API group; empty for the core group."""
    return str(resource.get("apiVersion")).rpartition("/")[0]


def key_of(resource: InputObject) -> tuple[str, str]:
    """Namespace and name."""
    metadata = titled(resource, str(resource.get("kind") or "an object")).object("metadata")
    return metadata.text("namespace") or DEFAULT_NAMESPACE, metadata.text("name")


def title_of(resource: InputObject) -> str:
    """Kind and name, for messages."""
    return f"{resource.get('kind')} {key_of(resource)[1]}"


def qualified_title(resource: InputObject) -> str:
    """Kind, namespace and name, for what is selected by it: `Deployment media/cloudflared`."""
    return f"{resource.get('kind')} {'/'.join(key_of(resource))}"


def titled(resource: InputObject, title: str = "") -> InputObject:
    """The object with its title in errors; its keys are then those of the object alone."""
    title = title or title_of(resource)
    return replace(resource, title=title, place=replace(resource.place, key=""))


def owners(resource: InputObject) -> set[tuple[str, str]]:
    """Kind and name of each object that the resource belongs to."""
    references = titled(resource).object("metadata").objects("ownerReferences")
    return {(one.text("kind"), one.text("name")) for one in references}
