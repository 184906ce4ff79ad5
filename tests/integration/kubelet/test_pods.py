"""The connector's pods as the cluster sees them, and as their processes see themselves."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubelet_cluster import Farm, eventually
from tests.support.processes import alive


def test_a_deployment_is_available_when_its_connectors_say_that_they_are_ready(farm: Farm) -> None:
    farm.switch("unready", True)
    with farm.running():
        farm.deploy(replicas=2)
        eventually(lambda: len(farm.pods()) == 2 and all(map(farm.started, farm.pods())))
        assert farm.available() == 0
        farm.switch("unready", False)
        eventually(lambda: farm.available() == 2)
        farm.switch("unready", True)
        eventually(lambda: farm.available() == 0)
        assert [pod["status"]["phase"] for pod in farm.pods()] == ["Running", "Running"]


def test_one_that_has_started_is_not_ready_before_it_was_asked(farm: Farm) -> None:
    probe = {"httpGet": {"path": "/ready", "port": "metrics"}, "initialDelaySeconds": 600}
    with farm.running():
        farm.deploy(readinessProbe=probe)
        eventually(lambda: farm.container().get("started"))
        assert not farm.container()["ready"]


def test_the_process_has_what_the_pod_declares_and_nothing_of_ours(farm: Farm) -> None:
    farm.create("secrets", "s", stringData={"token": "t0ken", "n": "v"})
    farm.create("configmaps", "c", data={"a.txt": "content"})
    env: list[dict[str, Any]] = [
        {"name": "PLAIN", "value": "plain"},
        {"name": "BUILT", "value": "$(PLAIN)-$(UNKNOWN)-$$(PLAIN)"},
        {"name": "FROM_SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "n"}}},
        {"name": "FROM_MAP", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "a.txt"}}},
        {"name": "OPTIONAL", "valueFrom": {"secretKeyRef": {"name": "none", "key": "n", "optional": True}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['with.a/dot']"}}},
        {"name": "TUNNEL_TOKEN_FILE", "value": "/etc/culvert/token/token"},
        {"name": "TUNNEL_TRANSPORT_PROTOCOL", "value": "auto"},
    ]
    mounts = [{"name": "t", "mountPath": "/etc/culvert/token"}, {"name": "all", "mountPath": "/etc/all/"}]
    projected = [
        {"secret": {"name": "s", "items": [{"key": "n", "path": "deep/n"}]}},
        {"configMap": {"name": "c"}},
    ]
    volumes = [
        {"name": "t", "secret": {"secretName": "s", "defaultMode": 0o440}},
        {"name": "all", "projected": {"sources": projected}},
    ]
    with farm.running():
        args = ["tunnel", "--tag", "$(PLAIN)", "--config=/etc/all/a.txt", "run"]
        farm.deploy(
            env=env,
            args=args,
            volumeMounts=mounts,
            volumes=volumes,
            envFrom=[{"secretRef": {"name": "s"}, "prefix": "S_"}],
        )
        started = eventually(farm.started)
        has, (name, *arguments) = started["environment"], started["arguments"]
        wanted = {
            "PLAIN": "plain",
            "BUILT": "plain-$(UNKNOWN)-$(PLAIN)",
            "FROM_SECRET": "v",
            "FROM_MAP": "content",
            "POD": farm.pods()[0]["metadata"]["name"],
            "LABEL": "kept",
            "S_token": "t0ken",
            "TUNNEL_EDGE": "127.0.0.1:9,127.0.0.1:10",
            "TUNNEL_CACERT": str(farm.home.path / "edge" / "ca.pem"),
            "TUNNEL_TRANSPORT_PROTOCOL": "auto",
        }
        assert {key: has.get(key) for key in wanted} == wanted
        assert not {"OPTIONAL", "OURS", "PATH", "USER"} & set(has)
        token = Path(has["TUNNEL_TOKEN_FILE"])
        assert token.read_text() == "t0ken"
        assert (token.stat().st_mode & 0o777, token.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        config = Path(arguments[4].removeprefix("--config="))
        assert (name.endswith("played.py"), arguments[:4], arguments[5]) == (
            True,
            ["--no-autoupdate", "tunnel", "--tag", "plain"],
            "run",
        )
        assert config.read_text() == "content"
        assert (config.parent / "deep" / "n").read_text() == "v"
        assert re.fullmatch(r"127\.[0-9.]+:[0-9]+", has["TUNNEL_METRICS"])
    assert not token.exists()


def test_a_connector_that_does_not_answer_is_restarted(farm: Farm) -> None:
    with farm.running():
        farm.deploy()
        eventually(lambda: farm.container()["ready"])
        first = farm.started()["pid"]
        farm.switch("dead", True)
        eventually(lambda: farm.container()["restartCount"] == 1)
        farm.switch("dead", False)
        eventually(lambda: farm.container()["ready"])
        assert not alive(first)


def test_a_connector_that_ends_is_restarted_and_the_cluster_knows_why(farm: Farm) -> None:
    with farm.running():
        farm.deploy()
        eventually(lambda: farm.container()["ready"])
        os.kill(farm.started()["pid"], signal.SIGKILL)
        eventually(lambda: farm.container()["restartCount"] == 1 and farm.container()["ready"])
        assert farm.container()["lastState"]["terminated"]["exitCode"] == 137


def test_a_deleted_pod_ends_in_order_before_it_goes(farm: Farm) -> None:
    farm.switch("stubborn", True)
    with farm.running():
        farm.deploy()
        eventually(lambda: farm.container()["ready"])
        pid = farm.started()["pid"]
        farm.scale(0)
        eventually(lambda: "deletionTimestamp" in farm.pods()[0]["metadata"])
        assert alive(pid)
        assert len(farm.pods()) == 1
        farm.switch("stubborn", False)
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not farm.pods())
        assert not alive(pid)


def test_one_that_does_not_end_in_its_time_is_killed(farm: Farm) -> None:
    farm.switch("stubborn", True)
    with farm.running():
        farm.deploy(grace=1)
        eventually(lambda: farm.container()["ready"])
        pid = farm.started()["pid"]
        farm.scale(0)
        eventually(lambda: not farm.pods())
        assert not alive(pid)


def test_a_pod_waits_for_its_secret(farm: Farm) -> None:
    mounts, volumes = [{"name": "t", "mountPath": "/t"}], [{"name": "t", "secret": {"secretName": "late"}}]
    with farm.running():
        farm.deploy(volumeMounts=mounts, volumes=volumes)
        waiting = eventually(lambda: farm.container()["state"].get("waiting"))
        assert (waiting["reason"], waiting["message"]) == ("CreateContainerConfigError", "there is no secret late")
        farm.create("secrets", "late", stringData={"a": "b"})
        eventually(lambda: farm.container()["ready"])


def test_stopped_in_order_it_stops_its_processes_and_takes_the_pods_over_when_it_is_back(farm: Farm) -> None:
    with farm.running():
        farm.deploy()
        eventually(lambda: farm.container()["ready"])
        first = farm.started()["pid"]
    assert not alive(first)
    (pod,) = farm.pods()
    with farm.running():
        # By now it has told the cluster that nothing is ready yet.
        eventually(lambda: farm.container()["restartCount"] == 1 and farm.container()["ready"])
        assert [one["metadata"]["uid"] for one in farm.pods()] == [pod["metadata"]["uid"]]


@pytest.mark.parametrize("kernel_helps", [True, False])
def test_killed_it_leaves_no_process_to_its_successor(farm: Farm, kernel_helps: bool) -> None:
    farm.switch("stubborn", not kernel_helps)
    with farm.running() as process:
        farm.deploy()
        eventually(lambda: farm.container()["ready"])
        orphan = farm.started()["pid"]
        process.kill()
        process.wait(10)
    if kernel_helps:
        eventually(lambda: not alive(orphan))
    with farm.running():
        eventually(lambda: farm.container()["restartCount"] == 1 and farm.container()["ready"])
        assert not alive(orphan)
        farm.switch("stubborn", False)


def test_a_pod_deleted_while_nobody_looked_after_it_goes_at_once(farm: Farm) -> None:
    with farm.running():
        farm.deploy()
        eventually(lambda: farm.container()["ready"])
    farm.scale(0)
    eventually(lambda: "deletionTimestamp" in farm.pods()[0]["metadata"])
    with farm.running():
        eventually(lambda: not farm.pods())


def test_while_nobody_looks_after_it_a_connectors_pod_gets_an_address_and_nothing_else(farm: Farm) -> None:
    farm.deploy()
    eventually(lambda: farm.pods() and farm.pods()[0]["status"].get("podIP"))
    farm.create("pods", "other", spec={"containers": [{"name": "c", "image": "i"}]})
    eventually(lambda: farm.call("GET", "pods/other")["status"]["phase"] == "Running")
    phases = {pod["metadata"]["name"]: pod["status"]["phase"] for pod in farm.pods()}
    assert sorted(phases.values()) == ["Pending", "Running"]
    assert phases["other"] == "Running"


def test_other_pods_are_left_to_the_cluster(farm: Farm) -> None:
    farm.create("pods", "other", spec={"containers": [{"name": "c", "image": "i"}]})
    eventually(lambda: farm.container()["ready"])
    farm.call("DELETE", "pods/other")
    eventually(lambda: not farm.pods())


def test_process_lists_show_no_secret(farm: Farm) -> None:
    farm.create("secrets", "s", stringData={"token": "t0p-secret"})
    mounts, volumes = [{"name": "t", "mountPath": "/t"}], [{"name": "t", "secret": {"secretName": "s"}}]
    with farm.running():
        farm.deploy(volumeMounts=mounts, volumes=volumes)
        eventually(lambda: farm.container()["ready"])
        shown = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
        assert "t0p-secret" not in shown
        logs = [path.read_text() for path in (*farm.home.path.glob("logs/*"), farm.home.path / "connectors.log")]
        assert not any("t0p-secret" in text for text in logs)
