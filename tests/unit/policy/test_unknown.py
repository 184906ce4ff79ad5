"""Unknown values of a preview: they violate no rule and crash none."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from policy.property_paths import UNKNOWN, as_list, get_path, texts
from policy.rule import violations
from policy.rules import ALL
from policy.stack import Stack
from tests.support.policy_stacks import settings_of


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    """The path of every value nested in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (key,)
        yield from ((key, *rest) for rest in places(item))


def unknown_at(value: Any, path: tuple[str | int, ...]) -> Any:
    """A copy with UNKNOWN at one place."""
    value = found = deepcopy(value)
    for part in path[:-1]:
        found = found[part]
    found[path[-1]] = UNKNOWN
    return value


def test_an_unknown_value_violates_no_rule(good: Stack) -> None:
    tried = 0
    for index, resource in enumerate(good.resources):
        for path in places(resource.properties):
            properties = unknown_at(resource.properties, path)
            # Within a secret nothing is shown, known or not.
            shown = unknown_at(resource.shown, path) if path in places(resource.shown) else resource.shown
            changed = replace(resource, properties=properties, shown=shown)
            resources = (*good.resources[:index], changed, *good.resources[index + 1 :])
            found = violations(replace(good, resources=resources), ALL, settings_of("prod"))
            assert [str(violation) for violation in found] == [], f"{resource}: {path}"
            tried += 1
    assert tried > 300


def test_an_unknown_resource_violates_no_rule(good: Stack) -> None:
    resources = tuple(
        replace(resource, properties=dict.fromkeys(resource.properties, UNKNOWN), shown={})
        for resource in good.resources
    )
    assert violations(replace(good, resources=resources), ALL, settings_of("prod")) == []


def test_paths_into_unknown_values_are_unknown() -> None:
    assert get_path({"spec": UNKNOWN}, "spec", "template") is UNKNOWN
    assert get_path({"spec": {}}, "spec", "template") is None
    assert get_path({"spec": "text"}, "spec", "template") is None
    assert as_list(UNKNOWN) == []
    assert list(texts({"a": [UNKNOWN, {"b": "c"}]})) == [("(a key)", "a"), ("a[1] (a key)", "b"), ("a[1].b", "c")]
