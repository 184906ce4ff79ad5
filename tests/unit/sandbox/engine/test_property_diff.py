"""What differs about one resource, as it is shown: whole values, no secret, nothing that a rehearsal makes up."""

from typing import Any

import pytest
from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata
from pulumi.runtime.rpc import UNKNOWN

from sandbox.engine.property_diff import SECRET, Property, Reader, forcing, properties

URN = "urn:pulumi:dev::culvert::t:i:T::thing"
TUNNEL = "f8830d6b-e0a6-4565-9a26-0514c7ad6694"
HIDDEN = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def _state(inputs: dict[str, Any], identity: str = "") -> StepEventStateMetadata:
    return StepEventStateMetadata(
        type="t:i:T", urn=URN, id=identity, parent="", provider="", inputs=inputs, outputs={}, custom=True
    )


def _step(old: dict[str, Any], new: dict[str, Any], **more: Any) -> StepEventMetadata:
    told = {"op": "update", "urn": URN, "type": "t:i:T", "provider": "", **more}
    step = StepEventMetadata.from_json(told)
    step.old, step.new = _state(old, TUNNEL), _state(new)
    return step


def _differing(old: dict[str, Any], new: dict[str, Any], known: str = "", **more: Any) -> list[Property]:
    step = _step(old, new, **more)
    return properties(step, Reader([step], known))


def test_a_changed_value_is_shown_with_what_it_was() -> None:
    assert _differing({"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}) == [Property("spec.replicas", 2, 3)]


def test_what_comes_and_what_goes_has_one_side() -> None:
    assert _differing({"a": 1}, {"b": 2}) == [Property("a", 1, None), Property("b", None, 2)]


def test_a_rule_put_in_first_leaves_the_others_alone() -> None:
    rules = [{"hostname": f"{name}.example.com", "service": "http://blog"} for name in ("b", "c")]
    first = {"hostname": "a.example.com", "service": "http://blog"}
    assert _differing({"rules": rules}, {"rules": [first, *rules]}) == [Property("rules[0]", None, first)]


def test_items_with_names_are_told_apart_by_them() -> None:
    old = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    new = [{"name": "C", "value": "3"}, {"name": "B", "value": "0"}]
    assert _differing({"env": old}, {"env": new}) == [
        Property("env[A]", old[0], None),
        Property("env[B].value", "2", "0"),
        Property("env[C]", None, new[0]),
    ]


def test_a_key_with_dots_is_quoted() -> None:
    label = "app.kubernetes.io/name"
    found = _differing({"metadata": {"labels": {label: "a"}}}, {"metadata": {"labels": {label: "b"}}})
    assert found == [Property(f'metadata.labels["{label}"]', "a", "b")]


@pytest.mark.parametrize("told", ["tunnelSecret", "tunnelSecret.value", "tunnelSecret[0]"])
def test_a_secret_that_differs_is_named_and_not_shown(told: str) -> None:
    found = _differing({"tunnelSecret": HIDDEN, "name": "a"}, {"tunnelSecret": HIDDEN, "name": "a"}, diffs=[told])
    assert found == [Property("tunnelSecret", SECRET, SECRET)]


def test_a_secret_that_stays_is_not_named() -> None:
    assert _differing({"secret": HIDDEN, "n": 1}, {"secret": HIDDEN, "n": 2}, diffs=["n"]) == [Property("n", 1, 2)]


def test_where_only_the_engine_sees_a_difference_its_word_is_taken() -> None:
    assert _differing({"a": 1}, {"a": 1}, diffs=["version"]) == [Property("version", None, None)]


def test_an_id_made_up_in_the_rehearsal_is_named_by_its_resource() -> None:
    old, new = {"content": f"{TUNNEL}.cfargotunnel.com"}, {"content": UNKNOWN}
    assert _differing(old, new) == [
        Property("content", "(id of thing).cfargotunnel.com", "(known after the update)"),
    ]


def test_an_id_of_the_stack_file_is_shown_and_another_is_not() -> None:
    given, made_up = "0" * 31 + "a", "b" * 32
    assert _differing({"zoneId": made_up}, {"zoneId": given}, known=f"zone: {given}") == [
        Property("zoneId", "(id)", given),
    ]


def test_a_digest_is_no_id() -> None:
    image = "cloudflared@sha256:" + "ab" * 32
    assert _differing({"image": "x"}, {"image": image}) == [Property("image", "x", image)]


def test_a_name_drawn_by_the_provider_is_the_same_in_every_rehearsal() -> None:
    drawn = {"name": "thing-c3bdc24d", "annotations": {"pulumi.com/autonamed": "true"}}
    old = {"metadata": drawn, "volumes": "thing-c3bdc24d"}
    assert _differing(old, {"metadata": drawn, "volumes": UNKNOWN}) == [
        Property("volumes", "thing-(generated)", "(known after the update)"),
    ]


def test_a_replacement_names_what_forces_it() -> None:
    detailed = {"a": {"diffKind": "update-replace", "inputDiff": True}, "b": {"diffKind": "update", "inputDiff": True}}
    step = _step({"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 2, "c": 2}, op="replace", keys=["c"], detailedDiff=detailed)
    assert forcing(step) == ["a", "c"]
