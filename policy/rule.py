"""Policy rules: their definition, and the violations of a stack."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policy.stack import Resource, Stack

Level = Literal["advisory", "mandatory", "disabled"]
Options = Mapping[str, Any]
Validate = Callable[[Resource, Stack, Options], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """A requirement on every stack.

    `name` is its key in the pack's configuration, `description` the requirement, `remedy` what to do about a violation.
    `validate` yields one message for each violation of a resource; a message never contains a secret's value.

    `scope`: `resource` needs the resource alone and is validated before that is created; `stack` needs all resources
    and is validated at the end of a preview and of an update; `both` finds violations at either time.

    `options` are the rule's keys in the pack's configuration, each a JSON Schema with a `default`. `enforcement_level`
    applies where the configuration names none.
    """

    name: str
    description: str
    remedy: str
    validate: Validate
    scope: Literal["resource", "stack", "both"]
    enforcement_level: Level = "mandatory"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class PolicyConfig:
    """One environment's configuration of a rule."""

    enforcement_level: Level
    options: Options


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule; `message` says how."""

    rule: Rule
    enforcement_level: Level
    resource: Resource
    message: str

    def __str__(self) -> str:
        return f"[{self.enforcement_level}] {self.rule.name}: {self.resource}: {self.message}"


def violations(
    stack: Stack, rules: Iterable[Rule], config: Mapping[str, PolicyConfig], scope: str | None = None
) -> list[Violation]:
    """The violations of `rules` in `stack` under `config`; with `scope`, those of that scope and of `both`."""
    found = []
    for rule in rules:
        rule_config = config[rule.name]
        if rule_config.enforcement_level == "disabled" or (scope and rule.scope not in (scope, "both")):
            continue
        for resource in stack.resources:
            messages = rule.validate(resource, stack, rule_config.options)
            found += [
                Violation(rule, rule_config.enforcement_level, resource, message) for message in dict.fromkeys(messages)
            ]
    return found
