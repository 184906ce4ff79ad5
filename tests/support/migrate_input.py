"""Inputs of `migrate`, as its readers see them."""

import textwrap

from ops.migrate.existing_setup import ExistingSetup
from ops.migrate.inputs import parse
from ops.migrate.kinds import Kinds
from ops.migrate.reading import tunnels


def read_tunnels(*documents: str, namespace: str | None = None) -> tuple[list[ExistingSetup], Kinds]:
    """The tunnels of an input, which is in one file, `input.yaml`, and its documents by kind."""
    text = "\n---\n".join(textwrap.dedent(each).strip() for each in documents)
    found = Kinds.of(parse("input.yaml", text.encode()), namespace)
    return tunnels(found), found


def read_tunnel(*documents: str, namespace: str | None = None) -> ExistingSetup:
    """The only tunnel of an input."""
    (setup,), _ = read_tunnels(*documents, namespace=namespace)
    return setup


def rules(setup: ExistingSetup) -> list[str]:
    """Hostname, path and service of each rule."""
    return [f"{each.name} -> {each.service}" for each in setup.rules]


def origin(setup: ExistingSetup, index: int = 0) -> dict[str, object]:
    """The options of a rule's own `originRequest`."""
    return {each.key: each.value for each in setup.rules[index].origin}


def settings(setup: ExistingSetup) -> dict[str, object]:
    """The settings by path; the items of a list together."""
    found: dict[str, object] = {}
    for each in setup.settings:
        earlier = found.get(each.key)
        found[each.key] = [*earlier, *each.value] if isinstance(earlier, list) else each.value
    return found


def remarks(setup: ExistingSetup | Kinds) -> str:
    """What is reported, as the user sees it."""
    return "\n".join(map(str, setup.skipped))
