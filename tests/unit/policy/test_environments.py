"""How each environment has the rules, and the repository's own stacks under them."""

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


def test_every_environment_that_has_a_stack_file_has_the_rules() -> None:
    stacks = {path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml")}
    assert stacks == {path.stem for path in environments.FOLDER.glob("*.json")}
    for stack in stacks:
        assert settings_of(stack).keys() == {rule.name for rule in ALL}


def test_dev_breaks_no_rule_as_dev_has_them(run: Callable[..., Stack]) -> None:
    assert judged(run("dev"), "dev") == []


def test_prod_breaks_no_rule_as_prod_has_them(run: Callable[..., Stack]) -> None:
    assert [str(violation) for violation in judged(run("prod"), "prod")] == []


def test_the_word_that_a_tunnel_is_protected_is_kept(run: Callable[..., Stack]) -> None:
    (found,) = judged(run("prod", tunnel='{"protect": false}'), "prod")
    assert (found.rule.name, found.enforcement_level) == ("tunnel-is-protected", "mandatory")


def test_what_dev_may_do_prod_may_not(run: Callable[..., Stack]) -> None:
    connector = json.dumps({"replicas": 1, "image": {"tag": "2026.8.2", "digest": ""}})
    assert {(v.rule.name, v.enforcement_level) for v in judged(run("dev", connector=connector), "dev")} == {
        ("images-by-digest", "advisory")
    }
    found = judged(run("prod", connector=connector), "prod")
    assert {v.rule.name for v in found if v.enforcement_level == "mandatory"} == {
        "images-by-digest",
        "connector-is-redundant",
    }


def test_the_preset_guide_breaks_no_rule(run: Callable[..., Stack]) -> None:
    assert judged(run("dev", networkPolicy='{"preset": "guide"}'), "dev") == []


def test_a_route_to_an_address_inside_declares_it(run: Callable[..., Stack]) -> None:
    for preset in ("strict", "guide"):
        routes = json.dumps([{"hostname": "nas-dev.example.com", "service": "http://192.168.7.9:5000"}])
        policy = json.dumps({"preset": preset})
        stack = run("dev", routes=routes, networkPolicy=policy, sampleSite="false")
        assert "192.168.7.9/32" in json.dumps(stack.every("NetworkPolicy")[-1].properties)
        assert judged(stack, "dev") == []


def test_a_private_network_declares_what_it_opens(run: Callable[..., Stack]) -> None:
    for preset in ("strict", "guide"):
        private = json.dumps({"routes": [{"network": "10.43.0.0/16"}, {"network": "fd00:7::/48", "ports": [443]}]})
        stack = run("dev", privateNetworks=private, networkPolicy=json.dumps({"preset": preset}), sampleSite="false")
        assert "10.43.0.0/16" in json.dumps(stack.every("NetworkPolicy")[-1].properties)
        assert judged(stack, "dev") == []


def test_without_a_configuration_only_what_prod_alone_must_keep_is_advice() -> None:
    levels = {name: setting.enforcement_level for name, setting in settings_of(None).items()}
    assert {name for name, level in levels.items() if level == "advisory"} == {
        "routes-require-access",
        "tunnel-is-protected",
    }
    assert "disabled" not in levels.values()


def test_all_is_the_level_of_every_rule_that_is_not_named() -> None:
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
def test_what_no_rule_knows_is_refused(configuration: dict[str, object], message: str) -> None:
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
