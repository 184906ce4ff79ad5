"""Differences between inputs and live objects, and which of them replace."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.providers.interface import Change
from sandbox.providers.kubernetes.compare import changes, force_new, prune, quantity
from sandbox.providers.values import UNKNOWN


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1", 1),
        (1, 1),
        ("1000m", 1),
        ("0.5", Decimal("0.5")),
        ("1Ki", 1024),
        ("0.5Gi", 512 * 1024**2),
        ("2k", 2000),
        ("-1", -1),
        ("1 Gi", None),
        ("one", None),
        (True, None),
    ],
)
def test_a_quantity_is_read_as_the_api_server_reads_it(written: Any, amount: Any) -> None:
    assert quantity(written) == amount


def test_fields_the_cluster_adds_are_pruned() -> None:
    live = {"spec": {"replicas": 2, "paused": False, "list": [{"a": 1, "b": 2}, {"c": 3}]}, "status": {}}
    assert prune(live, {"spec": {"replicas": 3, "list": [{"a": 1}]}}) == {
        "spec": {"replicas": 2, "list": [{"a": 1}, {"c": 3}]}
    }


def test_equal_quantities_keep_the_programs_spelling() -> None:
    live = {"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}, "annotations": {"note": "1"}}
    shape = {"resources": {"limits": {"cpu": "1000m", "memory": "0.5Gi"}}, "annotations": {"note": "1000m"}}
    assert prune(live, shape) == {**shape, "annotations": {"note": "1"}}


def test_empty_values_the_server_omits_are_not_changes() -> None:
    shape = {"ingress": [], "hostNetwork": False, "labels": {}, "gone": ["x"]}
    assert prune({}, shape) == {"ingress": [], "hostNetwork": False, "labels": {}}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": Change("update")}),
        ({"a": 1}, {"a": True}, {"a": Change("update")}),
        ({"a": {"b": 1}}, {"a": {}}, {"a.b": Change("delete", of_inputs=True)}),
        ({"a": {}}, {"a": {"x.y/z": 1}}, {'a["x.y/z"]': Change("add")}),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, {"a[1]": Change("update"), "a[2]": Change("add")}),
        ({"a": [{"b": 1}]}, {"a": [{"b": UNKNOWN}]}, {"a[0].b": Change("update")}),
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "1000m"}}, {}),
    ],
)
def test_changes_are_reported_by_path(old: Any, new: Any, found: dict[str, Change]) -> None:
    assert changes(old, new, ()) == found


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "10.0.0.1"}}, True),
        ({"spec": {"clusterIP": "None"}}, {"spec": {}}, True),
        ({"spec": {"clusterIP": "None"}}, {}, True),
        ({"spec": {"type": "ClusterIP"}}, {}, False),
        ({"spec": {"clusterIPs": ["None"]}}, {"spec": {"clusterIPs": ["10.0.0.1"]}}, False),
        ({"spec": {"ports": [{"port": 1}]}}, {"spec": {"ports": [{"port": 2}]}}, False),
        ({"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, True),
        ({"metadata": {"labels": {"name": "a"}}}, {"metadata": {"labels": {"name": "b"}}}, False),
    ],
)
def test_changes_of_immutable_fields_replace(old: Any, new: Any, replaces: bool) -> None:
    immutable = force_new({"apiVersion": "v1", "kind": "Service"})
    assert [change.replace for change in changes(old, new, immutable).values()] == [replaces]


@pytest.mark.parametrize(
    ("version", "kind", "path"),
    [
        ("apps/v1", "Deployment", ".spec.selector"),
        ("v1", "Secret", ".data"),
        ("v1", "ConfigMap", ".data"),
        ("batch/v1", "Job", ".spec.template"),
    ],
)
def test_immutable_fields_are_the_official_plugins(version: str, kind: str, path: str) -> None:
    assert path in force_new({"apiVersion": version, "kind": kind})
