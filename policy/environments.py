"""How each environment has the rules: `policy/<stack>.json`, in the form that `--policy-pack-config` takes.

https://www.pulumi.com/docs/iac/using-pulumi/crossguard/configuration/ : rule → level, or rule → {enforcementLevel, options…};
`all` sets the level of every rule that is not named.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from policy.rule import Level, Rule, Setting

FOLDER = Path(__file__).resolve().parent


def file(stack: str) -> Path | None:
    """The configuration of a stack of this name, where it has one."""
    path = FOLDER / f"{stack}.json"
    return path if path.is_file() else None


def read(path: Path | None, rules: Iterable[Rule]) -> dict[str, Setting]:
    """Every rule as the file has it, or as it is by default. The engine does the same with `--policy-pack-config`."""
    return settled(json.loads(path.read_text()) if path else {}, list(rules))


def settled(configuration: Mapping[str, Any], rules: list[Rule]) -> dict[str, Setting]:
    """Every rule as `configuration` has it. Raises ValueError for a rule, a level or an option that is not known."""
    if unknown := set(configuration) - {"all", *(rule.name for rule in rules)}:
        raise ValueError(f"no such rule: {', '.join(sorted(unknown))}")
    for_all = configuration.get("all")
    return {rule.name: _setting(rule, configuration.get(rule.name, {}), for_all) for rule in rules}


def _setting(rule: Rule, given: Any, for_all: str | None) -> Setting:
    given = {"enforcementLevel": given} if isinstance(given, str) else dict(given)
    level: Level = given.pop("enforcementLevel", for_all or rule.level)
    if level not in get_args(Level):
        raise ValueError(f"{rule.name}: no such level: {level}")
    if unknown := set(given) - set(rule.options):
        raise ValueError(f"{rule.name}: no such option: {', '.join(sorted(unknown))}")
    return Setting(level, {**{name: schema["default"] for name, schema in rule.options.items()}, **given})
