"""Stacks for policy rules: the resources that a program registered under mocks, optionally changed."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import yaml
from pulumi.runtime import mocks

from policy import engine_values, environments
from policy.rule import PolicyConfig, Violation, violations
from policy.rules import ALL
from policy.stack import Resource, Stack
from tests.support.paths import PROJECT


@dataclass
class Recorder:
    """Records the resources that a program registers under mocks, in the form that rules read."""

    resources: dict[str, Resource] = field(default_factory=dict)

    def stack(self, configuration: dict[str, str]) -> Stack:
        """The recorded resources as one stack."""
        return Stack(tuple(self.resources.values()), configuration)


def recording(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Records every program that runs under mocks while `monkeypatch` applies."""
    recorder = Recorder()
    register, finish = mocks.MockMonitor.RegisterResource, mocks.MockMonitor.RegisterResourceOutputs

    def registered(self: mocks.MockMonitor, request: Any) -> Any:
        answer = register(self, request)
        ignored = frozenset(request.ignoreChanges)
        resource = Resource(request.type, request.name, {}, {}, answer.urn, request.protect, ignored)
        recorder.resources[answer.urn] = _with(resource, request.object)
        return answer

    def finished(self: mocks.MockMonitor, request: Any) -> Any:
        recorder.resources[request.urn] = _with(recorder.resources[request.urn], request.outputs)
        return finish(self, request)

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", registered)
    monkeypatch.setattr(mocks.MockMonitor, "RegisterResourceOutputs", finished)
    return recorder


def _with(resource: Resource, message: Any) -> Resource:
    return replace(
        resource, properties=engine_values.read(message, secrets=True), shown=engine_values.read(message, secrets=False)
    )


def written(stack: str) -> dict[str, str]:
    """The settings of a stack file of this repository, as the engine passes them."""
    settings = yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    values = {key: value for key, value in settings.items() if value is not None}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def settings_of(environment: str | None) -> dict[str, PolicyConfig]:
    """The rules' configuration in an environment; the defaults without one."""
    return environments.read(environments.file(environment) if environment else None, ALL)


def judged(stack: Stack, environment: str | None, when: str | None = None) -> list[Violation]:
    """The violations of a stack under an environment's configuration."""
    return violations(stack, ALL, settings_of(environment), when)


def changed(stack: Stack, kind: str, change: Callable[[dict[str, Any]], None], name: str = "") -> Stack:
    """The stack with `change` applied to its resources of a kind whose names end with `name`; never to components.

    The change applies to `shown` too, as if its new values were not marked secret.
    """
    return Stack(tuple(_changed(stack, kind, change, name)), stack.configuration)


def _changed(stack: Stack, kind: str, change: Callable[[dict[str, Any]], None], name: str) -> Iterator[Resource]:
    applied = False
    for resource in stack.resources:
        if resource.kind == kind and resource.name.endswith(name) and not resource.type.startswith("culvert:"):
            applied, properties, shown = True, deepcopy(resource.properties), deepcopy(resource.shown)
            change(dict_of(properties))
            change(dict_of(shown))
            yield replace(resource, properties=properties, shown=shown)
        else:
            yield resource
    assert applied, f"there is no {kind} …{name} to change"


def dict_of(value: Any) -> dict[str, Any]:
    """The value, asserted to be a dict."""
    assert isinstance(value, dict)
    return value
