"""Policy configuration per environment, and the repository's own stacks under it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from policy import environments
from policy.rule import PolicyConfig
from policy.rules import ALL, IMAGES, REPLICAS
from policy.stack import Stack
from tests.support.policy_stacks import PROJECT, judged, settings_of

RULES = list(ALL)


def test_every_stack_file_has_a_policy_configuration() -> None:
    stacks = {path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml")}
    assert stacks == {path.stem for path in environments.FOLDER.glob("*.json")}
    for stack in stacks:
        assert settings_of(stack).keys() == {rule.name for rule in ALL}


def test_dev_violates_no_rule_of_dev(run: Callable[..., Stack]) -> None:
    assert judged(run("dev"), "dev") == []


def test_prod_violates_no_rule_of_prod(run: Callable[..., Stack]) -> None:
    assert [str(violation) for violation in judged(run("prod"), "prod")] == []


def test_a_declared_protection_reaches_the_tunnel(run: Callable[..., Stack]) -> None:
    (found,) = judged(run("prod", tunnel='{"protect": false}'), "prod")
    assert (found.rule.name, found.enforcement_level) == ("tunnel-is-protected", "mandatory")


def test_dev_would_violate_rules_of_prod(run: Callable[..., Stack]) -> None:
    connector = json.dumps({"replicas": 1, "image": {"tag": "2026.8.2", "digest": ""}})
    assert {(v.rule.name, v.enforcement_level) for v in judged(run("dev", connector=connector), "dev")} == {
        ("images-by-digest", "advisory")
    }
    found = judged(run("prod", connector=connector), "prod")
    assert {v.rule.name for v in found if v.enforcement_level == "mandatory"} == {
        "images-by-digest",
        "connector-is-redundant",
    }


def test_the_preset_guide_violates_no_rule(run: Callable[..., Stack]) -> None:
    assert judged(run("dev", networkPolicy='{"preset": "guide"}'), "dev") == []


def test_a_route_to_a_private_address_declares_it(run: Callable[..., Stack]) -> None:
    for preset in ("strict", "guide"):
        routes = json.dumps([{"hostname": "nas-dev.example.com", "service": "http://192.168.7.9:5000"}])
        policy = json.dumps({"preset": preset})
        stack = run("dev", routes=routes, networkPolicy=policy, sampleSite="false")
        assert "192.168.7.9/32" in json.dumps(stack.every("NetworkPolicy")[-1].properties)
        assert judged(stack, "dev") == []


def test_a_private_network_declares_its_range(run: Callable[..., Stack]) -> None:
    for preset in ("strict", "guide"):
        private = json.dumps({"routes": [{"network": "10.43.0.0/16"}, {"network": "fd00:7::/48", "ports": [443]}]})
        stack = run("dev", privateNetworks=private, networkPolicy=json.dumps({"preset": preset}), sampleSite="false")
        assert "10.43.0.0/16" in json.dumps(stack.every("NetworkPolicy")[-1].properties)
        assert judged(stack, "dev") == []


def test_without_a_configuration_only_rules_for_prod_are_advisory() -> None:
    levels = {name: setting.enforcement_level for name, setting in settings_of(None).items()}
    assert {name for name, level in levels.items() if level == "advisory"} == {
        "routes-require-access",
        "tunnel-is-protected",
    }
    assert "disabled" not in levels.values()


def test_all_sets_the_level_of_every_unnamed_rule() -> None:
    resolve_config = environments.resolve_config(
        {"all": "disabled", "images-by-digest": "advisory"}, [IMAGES, REPLICAS]
    )
    assert resolve_config == {
        "images-by-digest": PolicyConfig("advisory", {}),
        "connector-is-redundant": PolicyConfig("disabled", {"minimum": 2}),
    }
    options = {"connector-is-redundant": {"minimum": 3}}
    assert environments.resolve_config(options, [REPLICAS]) == {
        "connector-is-redundant": PolicyConfig("mandatory", {"minimum": 3})
    }


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"images-by-digets": "mandatory"}, "unknown policy rule: images-by-digets"),
        ({"images-by-digest": "required"}, "unknown enforcement level: required"),
        ({"images-by-digest": {"except": ["a"]}}, "unknown option: except"),
    ],
)
def test_unknown_rules_levels_and_options_are_rejected(configuration: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        environments.resolve_config(configuration, RULES)


def test_the_policy_pack_page_has_every_rule_as_it_is() -> None:
    page = (PROJECT / "docs" / "policy-pack.md").read_text()
    stacks = sorted(Path(path).stem for path in environments.FOLDER.glob("*.json"))
    assert f"| rule | what must hold | {' | '.join(stacks)} | else |" in page
    for rule in ALL:
        levels = [settings_of(stack)[rule.name].enforcement_level for stack in stacks]
        assert f"| `{rule.name}` | {rule.description} | {' | '.join(levels)} | {rule.enforcement_level} |" in page
        assert f"\n**`{rule.name}`**" in page
        for option, schema in rule.options.items():
            assert (
                f"| `{rule.name}` | `{option}` | {schema['description']} | `{json.dumps(schema['default'])}` |" in page
            )
