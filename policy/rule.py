"""What a rule is, and what becomes of a stack that breaks one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policy.stack import Resource, Stack

Level = Literal["advisory", "mandatory", "disabled"]
Options = Mapping[str, Any]
Judge = Callable[[Resource, Stack, Options], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """One thing that must hold of every stack.

    `name` is how the pack's configuration calls it, `says` what must hold, `remedy` what to do where it does not. `judge`
    gives a message for each way in which a resource breaks it, and never a secret's value.

    `when`: `alone` needs nothing but the resource, so it is judged before the resource is made; `together` needs the whole
    stack, so it is judged at the end of a preview and of an update; `both` can say something at either time.

    `options` are what the pack's configuration may give it, each a JSON Schema with a `default`; `level` is what it has
    where the configuration says nothing.
    """

    name: str
    says: str
    remedy: str
    judge: Judge
    when: Literal["alone", "together", "both"]
    level: Level = "mandatory"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """How one environment has a rule: its level, and its options."""

    level: Level
    options: Options


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule, and how."""

    rule: Rule
    level: Level
    resource: Resource
    message: str

    def __str__(self) -> str:
        return f"[{self.level}] {self.rule.name}: {self.resource}: {self.message}"


def violations(
    stack: Stack, rules: Iterable[Rule], settings: Mapping[str, Setting], when: str | None = None
) -> list[Violation]:
    """What in `stack` breaks `rules` as `settings` have them; with `when`, only what is judged `alone` or `together`."""
    found = []
    for rule in rules:
        setting = settings[rule.name]
        if setting.level == "disabled" or (when and rule.when not in (when, "both")):
            continue
        for resource in stack.resources:
            messages = rule.judge(resource, stack, setting.options)
            found += [Violation(rule, setting.level, resource, message) for message in dict.fromkeys(messages)]
    return found
