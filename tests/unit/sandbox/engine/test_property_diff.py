"""Changed properties show full values, no secrets, and nothing that a rehearsal generates."""

from typing import Any

import pytest
from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata
from pulumi.runtime.rpc import UNKNOWN

from sandbox.engine.property_diff import SECRET, Property, ValueFormatter, changed_properties, replacement_triggers

URN = "urn:pulumi:dev::culvert::t:i:T::thing"
TUNNEL = "f8830d6b-e0a6-4565-9a26-0514c7ad6694"
HIDDEN = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def _state(inputs: dict[str, Any], identity: str = "") -> StepEventStateMetadata:
    return StepEventStateMetadata(
        type="t:i:T", urn=URN, id=identity, parent="", provider="", inputs=inputs, outputs={}, custom=True
    )


def _step(old: dict[str, Any], new: dict[str, Any], **more: Any) -> StepEventMetadata:
    fields = {"op": "update", "urn": URN, "type": "t:i:T", "provider": "", **more}
    step = StepEventMetadata.from_json(fields)
    step.old, step.new = _state(old, TUNNEL), _state(new)
    return step


def _differing(old: dict[str, Any], new: dict[str, Any], known: str = "", **more: Any) -> list[Property]:
    step = _step(old, new, **more)
    return changed_properties(step, ValueFormatter([step], known))


def test_a_changed_value_is_shown_with_its_old_value() -> None:
    assert _differing({"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}) == [Property("spec.replicas", 2, 3)]


def test_an_added_or_removed_value_has_one_side() -> None:
    assert _differing({"a": 1}, {"b": 2}) == [Property("a", 1, None), Property("b", None, 2)]


def test_an_inserted_rule_leaves_the_others_unchanged() -> None:
    rules = [{"hostname": f"{name}.example.com", "service": "http://blog"} for name in ("b", "c")]
    first = {"hostname": "a.example.com", "service": "http://blog"}
    assert _differing({"rules": rules}, {"rules": [first, *rules]}) == [Property("rules[0]", None, first)]


def test_items_with_names_are_matched_by_name() -> None:
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


@pytest.mark.parametrize("reported", ["tunnelSecret", "tunnelSecret.value", "tunnelSecret[0]"])
def test_a_changed_secret_is_named_and_masked(reported: str) -> None:
    found = _differing({"tunnelSecret": HIDDEN, "name": "a"}, {"tunnelSecret": HIDDEN, "name": "a"}, diffs=[reported])
    assert found == [Property("tunnelSecret", SECRET, SECRET)]


def test_an_unchanged_secret_is_not_named() -> None:
    assert _differing({"secret": HIDDEN, "n": 1}, {"secret": HIDDEN, "n": 2}, diffs=["n"]) == [Property("n", 1, 2)]


def test_a_difference_that_only_the_engine_sees_is_reported() -> None:
    assert _differing({"a": 1}, {"a": 1}, diffs=["version"]) == [Property("version", None, None)]


def test_a_generated_id_is_named_after_its_resource() -> None:
    old, new = {"content": f"{TUNNEL}.cfargotunnel.com"}, {"content": UNKNOWN}
    assert _differing(old, new) == [
        Property("content", "(id of thing).cfargotunnel.com", "(known after the update)"),
    ]


def test_only_ids_of_the_stack_file_are_shown() -> None:
    known, generated = "0" * 31 + "a", "b" * 32
    assert _differing({"zoneId": generated}, {"zoneId": known}, known=f"zone: {known}") == [
        Property("zoneId", "(id)", known),
    ]


def test_a_digest_is_not_an_id() -> None:
    image = "cloudflared@sha256:" + "ab" * 32
    assert _differing({"image": "x"}, {"image": image}) == [Property("image", "x", image)]


def test_a_name_generated_by_the_provider_reads_the_same_in_every_rehearsal() -> None:
    generated = {"name": "thing-c3bdc24d", "annotations": {"pulumi.com/autonamed": "true"}}
    old = {"metadata": generated, "volumes": "thing-c3bdc24d"}
    assert _differing(old, {"metadata": generated, "volumes": UNKNOWN}) == [
        Property("volumes", "thing-(generated)", "(known after the update)"),
    ]


def test_a_replacement_names_the_properties_that_force_it() -> None:
    detailed = {"a": {"diffKind": "update-replace", "inputDiff": True}, "b": {"diffKind": "update", "inputDiff": True}}
    step = _step({"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 2, "c": 2}, op="replace", keys=["c"], detailedDiff=detailed)
    assert replacement_triggers(step) == ["a", "c"]
