"""Each environment's levels and options: `policy/<stack>.json`, in the format of `--policy-pack-config`.

https://www.pulumi.com/docs/iac/using-pulumi/crossguard/configuration/ : rule → level, or rule → {enforcementLevel,
options…}; `all` sets the level of every rule that the file does not name.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from policy.rule import Level, PolicyConfig, Rule

FOLDER = Path(__file__).resolve().parent


def file(stack: str) -> Path | None:
    """The policy configuration of the stack called `stack`, or None."""
    path = FOLDER / f"{stack}.json"
    return path if path.is_file() else None


def read(path: Path | None, rules: Iterable[Rule]) -> dict[str, PolicyConfig]:
    """Each rule's configuration from the file, else its default; as the engine reads `--policy-pack-config`."""
    return resolve_config(json.loads(path.read_text()) if path else {}, list(rules))


def resolve_config(configuration: Mapping[str, Any], rules: list[Rule]) -> dict[str, PolicyConfig]:
    """Each rule's configuration by name. Raises ValueError for an unknown rule, level or option."""
    if unknown := set(configuration) - {"all", *(rule.name for rule in rules)}:
        raise ValueError(f"unknown policy rule: {', '.join(sorted(unknown))}")
    for_all = configuration.get("all")
    return {rule.name: _rule_config(rule, configuration.get(rule.name, {}), for_all) for rule in rules}


def _rule_config(rule: Rule, configured: Any, for_all: str | None) -> PolicyConfig:
    configured = {"enforcementLevel": configured} if isinstance(configured, str) else dict(configured)
    level: Level = configured.pop("enforcementLevel", for_all or rule.enforcement_level)
    if level not in get_args(Level):
        raise ValueError(f"{rule.name}: unknown enforcement level: {level}")
    if unknown := set(configured) - set(rule.options):
        raise ValueError(f"{rule.name}: unknown option: {', '.join(sorted(unknown))}")
    return PolicyConfig(level, {**{name: schema["default"] for name, schema in rule.options.items()}, **configured})
