"""The connector's pods, as the cluster sees them and as their processes see themselves."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.kubelet_cluster import KubeletCluster, eventually
from tests.support.processes import alive


def test_a_deployment_is_available_while_its_connectors_are_ready(cluster: KubeletCluster) -> None:
    cluster.switch("unready", True)
    cluster.deploy(replicas=2)
    eventually(lambda: len(cluster.pods()) == 2 and all(map(cluster.started, cluster.pods())))
    assert cluster.available() == 0
    cluster.switch("unready", False)
    eventually(lambda: cluster.available() == 2)
    cluster.switch("unready", True)
    eventually(lambda: cluster.available() == 0)
    assert [pod["status"]["phase"] for pod in cluster.pods()] == ["Running", "Running"]


def test_the_api_server_has_the_log_of_a_connector_and_no_other_client_reads_it(cluster: KubeletCluster) -> None:
    cluster.deploy()
    eventually(cluster.started)
    (pod,) = cluster.pods()
    path = f"/api/v1/namespaces/{cluster.namespace}/pods/{pod['metadata']['name']}/log"
    assert cluster.api.get(path).text == "a stub of cloudflared\nis started\n"
    assert cluster.api.get(path, params={"tailLines": 1}).text == "is started\n"
    with cluster.api.stream("GET", path, params={"follow": "true", "tailLines": 1}) as following:
        lines = following.iter_lines()
        assert next(lines) == "is started"
        # The container's next run, in the same log.
        os.kill(cluster.started()["pid"], signal.SIGKILL)
        assert next(lines) == "a stub of cloudflared"
    node = cluster.api.get(f"/api/v1/nodes/{pod['spec']['nodeName']}").json()["status"]
    port = node["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    with pytest.raises(httpx.TransportError):
        httpx.get(f"https://localhost:{port}{path}", verify=False, trust_env=False)


def test_a_started_container_is_not_ready_before_its_readiness_probe(cluster: KubeletCluster) -> None:
    probe = {"httpGet": {"path": "/ready", "port": "metrics"}, "initialDelaySeconds": 600}
    cluster.deploy(readinessProbe=probe)
    eventually(lambda: cluster.container().get("started"))
    assert not cluster.container()["ready"]


def test_the_process_has_the_pods_arguments_environment_and_files_only(cluster: KubeletCluster) -> None:
    cluster.create("secrets", "s", stringData={"token": "t0ken", "n": "v"})
    cluster.create("configmaps", "c", data={"a.txt": "content"})
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
    cluster.deploy(
        env=env,
        args=["tunnel", "--tag", "$(PLAIN)", "--config=/etc/all/a.txt", "run"],
        volumeMounts=mounts,
        volumes=volumes,
        envFrom=[{"secretRef": {"name": "s"}, "prefix": "S_"}],
    )
    started = eventually(cluster.started)
    environment, (program, *arguments) = started["environment"], started["arguments"]
    expected = {
        "PLAIN": "plain",
        "BUILT": "plain-$(UNKNOWN)-$(PLAIN)",
        "FROM_SECRET": "v",
        "FROM_MAP": "content",
        "POD": cluster.pods()[0]["metadata"]["name"],
        "LABEL": "kept",
        "S_token": "t0ken",
        "TUNNEL_EDGE": "127.0.0.1:9,127.0.0.1:10",
        "TUNNEL_CACERT": str(cluster.kubelet.home.path / "edge" / "ca.pem"),
        "TUNNEL_TRANSPORT_PROTOCOL": "auto",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert not {"OPTIONAL", "OURS", "PATH", "USER"} & set(environment)
    token = Path(environment["TUNNEL_TOKEN_FILE"])
    assert token.read_text() == "t0ken"
    assert (token.stat().st_mode & 0o777, token.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    config = Path(arguments[4].removeprefix("--config="))
    assert program.endswith("stub_cloudflared.py")
    assert (arguments[:4], arguments[5]) == (["--no-autoupdate", "tunnel", "--tag", "plain"], "run")
    assert config.read_text() == "content"
    assert (config.parent / "deep" / "n").read_text() == "v"
    assert re.fullmatch(r"127\.[0-9.]+:[0-9]+", environment["TUNNEL_METRICS"])


def test_a_connector_that_fails_its_liveness_probe_is_restarted(cluster: KubeletCluster) -> None:
    cluster.deploy()
    eventually(lambda: cluster.container()["ready"])
    first = cluster.started()["pid"]
    cluster.switch("dead", True)
    eventually(lambda: cluster.container()["restartCount"] == 1)
    cluster.switch("dead", False)
    eventually(lambda: cluster.container()["ready"])
    assert not alive(first)


def test_a_connector_that_exits_is_restarted_and_its_exit_code_published(cluster: KubeletCluster) -> None:
    cluster.deploy()
    eventually(lambda: cluster.container()["ready"])
    os.kill(cluster.started()["pid"], signal.SIGKILL)
    eventually(lambda: cluster.container()["restartCount"] == 1 and cluster.container()["ready"])
    assert cluster.container()["lastState"]["terminated"]["exitCode"] == 137


def test_a_deleted_pod_is_removed_once_its_container_has_ended(cluster: KubeletCluster) -> None:
    cluster.switch("stubborn", True)
    cluster.deploy()
    eventually(lambda: cluster.container()["ready"])
    pid = cluster.started()["pid"]
    cluster.scale(0)
    eventually(lambda: "deletionTimestamp" in cluster.pods()[0]["metadata"])
    assert alive(pid)
    assert len(cluster.pods()) == 1
    cluster.switch("stubborn", False)
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: not cluster.pods())
    assert not alive(pid)


def test_a_container_that_outlasts_its_grace_period_is_killed(cluster: KubeletCluster) -> None:
    cluster.switch("stubborn", True)
    cluster.deploy(grace_period=1)
    eventually(lambda: cluster.container()["ready"])
    pid = cluster.started()["pid"]
    cluster.scale(0)
    eventually(lambda: not cluster.pods())
    assert not alive(pid)


def test_a_pod_waits_for_its_secret(cluster: KubeletCluster) -> None:
    mounts, volumes = [{"name": "t", "mountPath": "/t"}], [{"name": "t", "secret": {"secretName": "late"}}]
    cluster.deploy(volumeMounts=mounts, volumes=volumes)
    waiting = eventually(lambda: cluster.container()["state"].get("waiting"))
    assert (waiting["reason"], waiting["message"]) == ("CreateContainerConfigError", "there is no secret late")
    cluster.create("secrets", "late", stringData={"a": "b"})
    eventually(lambda: cluster.container()["ready"])


def test_a_stopped_kubelet_stops_its_processes_and_the_next_one_adopts_the_pods(cluster: KubeletCluster) -> None:
    cluster.deploy()
    eventually(lambda: cluster.container()["ready"])
    first = cluster.started()["pid"]
    cluster.kubelet.stop()
    assert not alive(first)
    (pod,) = cluster.pods()
    assert not cluster.pod_folder(pod).exists()
    cluster.kubelet.start()
    # By now it has published that the pod is not ready yet.
    eventually(lambda: cluster.container()["restartCount"] == 1 and cluster.container()["ready"])
    assert [current["metadata"]["uid"] for current in cluster.pods()] == [pod["metadata"]["uid"]]


@pytest.mark.parametrize("ends_with_parent", [True, False])
def test_a_killed_kubelet_leaves_no_process_to_the_next_one(cluster: KubeletCluster, ends_with_parent: bool) -> None:
    cluster.switch("stubborn", not ends_with_parent)
    cluster.deploy()
    eventually(lambda: cluster.container()["ready"])
    orphan = cluster.started()["pid"]
    cluster.kubelet.kill()
    if ends_with_parent:
        eventually(lambda: not alive(orphan))
    cluster.kubelet.start()
    eventually(lambda: cluster.container()["restartCount"] == 1 and cluster.container()["ready"])
    assert not alive(orphan)
    cluster.switch("stubborn", False)


def test_a_pod_deleted_while_no_kubelet_ran_is_removed_by_the_next_one(cluster: KubeletCluster) -> None:
    cluster.deploy()
    eventually(lambda: cluster.container()["ready"])
    cluster.kubelet.stop()
    cluster.scale(0)
    eventually(lambda: "deletionTimestamp" in cluster.pods()[0]["metadata"])
    cluster.kubelet.start()
    eventually(lambda: not cluster.pods())


def test_without_a_kubelet_a_connectors_pod_gets_an_address_and_nothing_else(cluster: KubeletCluster) -> None:
    cluster.kubelet.stop()
    cluster.deploy()
    eventually(lambda: cluster.pods() and cluster.pods()[0]["status"].get("podIP"))
    cluster.create("pods", "other", spec={"containers": [{"name": "c", "image": "i"}]})
    eventually(lambda: cluster.call("GET", "pods/other")["status"]["phase"] == "Running")
    phases = {pod["metadata"]["name"]: pod["status"]["phase"] for pod in cluster.pods()}
    assert sorted(phases.values()) == ["Pending", "Running"]
    assert phases["other"] == "Running"


def test_pods_of_other_applications_are_left_to_kwok(cluster: KubeletCluster) -> None:
    cluster.create("pods", "other", spec={"containers": [{"name": "c", "image": "i"}]})
    eventually(lambda: cluster.container()["ready"])
    cluster.call("DELETE", "pods/other")
    eventually(lambda: not cluster.pods())


def test_process_list_and_logs_show_no_secret(cluster: KubeletCluster) -> None:
    cluster.create("secrets", "s", stringData={"token": "t0p-secret"})
    mounts, volumes = [{"name": "t", "mountPath": "/t"}], [{"name": "t", "secret": {"secretName": "s"}}]
    cluster.deploy(volumeMounts=mounts, volumes=volumes)
    eventually(lambda: cluster.container()["ready"])
    processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert "t0p-secret" not in processes
    logs = [path.read_text() for path in (*cluster.kubelet.home.path.glob("logs/*"), cluster.kubelet.log)]
    assert not any("t0p-secret" in text for text in logs)
