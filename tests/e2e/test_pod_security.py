"""The rule on the restricted Pod Security standard, compared pod by pod with a real API server."""

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from kubernetes import client, config

from policy.rules import POD_SECURITY
from policy.stack import Resource, Stack
from tests.e2e.conftest import Sandbox

pytestmark = pytest.mark.xdist_group("pod-security")

Body = dict[str, Any]
Change = Callable[[Body], object]

RESTRICTED_POD: Body = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "pod", "annotations": {}},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "main",
                "image": "example.com/main",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
        "volumes": [],
    },
}


def of_pod(**settings: Any) -> Change:
    return lambda body: body["spec"].update(settings)


def of_context(**settings: Any) -> Change:
    return lambda body: body["spec"]["securityContext"].update(settings)


def of_container(**settings: Any) -> Change:
    return lambda body: body["spec"]["containers"][0].update(settings)


def of_container_context(**settings: Any) -> Change:
    """Changes the container's own security context."""
    return lambda body: body["spec"]["containers"][0]["securityContext"].update(settings)


def volume(**source: Any) -> Change:
    return of_pod(volumes=[{"name": "volume", **source}])


def unrestricted(kind: str, **more: Any) -> Change:
    """A second container, which is not restricted."""
    return of_pod(**{kind: [{"name": "other", "image": "example.com/other", **more}]})


def probe(handler: Body) -> Change:
    return of_container(livenessProbe=handler)


def both(*changes: Change) -> Change:
    return lambda body: [change(body) for change in changes]


PROFILE = "container.apparmor.security.beta.kubernetes.io/main"
LOCALHOST = {"type": "Localhost", "localhostProfile": "profile.json"}
PODS: dict[str, Change] = {
    "nothing changed": lambda _: None,
    "hostNetwork": of_pod(hostNetwork=True),
    "hostPID": of_pod(hostPID=True),
    "hostIPC": of_pod(hostIPC=True),
    "not hostNetwork": of_pod(hostNetwork=False),
    "volume hostPath": volume(hostPath={"path": "/"}),
    "volume nfs": volume(nfs={"server": "a", "path": "/"}),
    "volume secret": volume(secret={"secretName": "a"}),
    "volume image": volume(image={"reference": "example.com/image"}),
    "volume without source": volume(),
    "sysctl of the node": of_context(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    "sysctl of the pod": of_context(sysctls=[{"name": "net.ipv4.tcp_syncookies", "value": "1"}]),
    "AppArmor annotation unconfined": lambda body: body["metadata"]["annotations"].update({PROFILE: "unconfined"}),
    "AppArmor annotation default": lambda body: body["metadata"]["annotations"].update({PROFILE: "runtime/default"}),
    "AppArmor off": of_context(appArmorProfile={"type": "Unconfined"}),
    "AppArmor off in a container": of_container_context(appArmorProfile={"type": "Unconfined"}),
    "AppArmor on": of_context(appArmorProfile={"type": "RuntimeDefault"}),
    "SELinux type of the node": of_context(seLinuxOptions={"type": "spc_t"}),
    "SELinux type of containers": of_context(seLinuxOptions={"type": "container_t"}),
    "SELinux user": of_container_context(seLinuxOptions={"user": "system_u"}),
    "SELinux role": of_container_context(seLinuxOptions={"role": "system_r"}),
    "SELinux level": of_container_context(seLinuxOptions={"level": "s0"}),
    "privileged": of_container_context(privileged=True, allowPrivilegeEscalation=True),
    "escalation left out": lambda body: body["spec"]["containers"][0]["securityContext"].pop(
        "allowPrivilegeEscalation"
    ),
    "escalation allowed": of_container_context(allowPrivilegeEscalation=True),
    "capabilities left out": lambda body: body["spec"]["containers"][0]["securityContext"].pop("capabilities"),
    "some capabilities dropped": of_container_context(capabilities={"drop": ["NET_RAW"]}),
    "a capability added": of_container_context(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    "the one capability added": of_container_context(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
    "procMount unmasked": both(of_container_context(procMount="Unmasked"), of_pod(hostUsers=False)),
    "runAsNonRoot left out": lambda body: body["spec"]["securityContext"].pop("runAsNonRoot"),
    "root allowed": of_context(runAsNonRoot=False),
    "root allowed in the pod, not in its container": both(
        of_context(runAsNonRoot=False), of_container_context(runAsNonRoot=True)
    ),
    "root forbidden in the container alone": both(
        of_context(runAsNonRoot=None), of_container_context(runAsNonRoot=True)
    ),
    "root allowed in a container": of_container_context(runAsNonRoot=False),
    "user 0": of_context(runAsUser=0),
    "user 0 in a container": of_container_context(runAsUser=0),
    "user 0 in the pod, not in its container": both(of_context(runAsUser=0), of_container_context(runAsUser=1000)),
    "user 1000": of_context(runAsUser=1000),
    "seccomp left out": lambda body: body["spec"]["securityContext"].pop("seccompProfile"),
    "seccomp off": of_context(seccompProfile={"type": "Unconfined"}),
    "seccomp off in the pod, on in its container": both(
        of_context(seccompProfile={"type": "Unconfined"}),
        of_container_context(seccompProfile={"type": "RuntimeDefault"}),
    ),
    "seccomp off in a container": of_container_context(seccompProfile={"type": "Unconfined"}),
    "seccomp on in the container alone": both(
        of_context(seccompProfile=None), of_container_context(seccompProfile=LOCALHOST)
    ),
    "host port": of_container(ports=[{"containerPort": 80, "hostPort": 80}]),
    "port": of_container(ports=[{"containerPort": 80}]),
    "probe of a host": probe({"httpGet": {"host": "10.0.0.1", "port": 80}}),
    "probe": probe({"httpGet": {"path": "/", "port": 80}}),
    "hook to a host": of_container(lifecycle={"preStop": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}}),
    "init container": unrestricted("initContainers"),
    "second container": lambda body: body["spec"]["containers"].append({"name": "other", "image": "example.com/other"}),
}


def messages(body: Body) -> list[str]:
    resource = Resource("kubernetes:core/v1:Pod", "pod", body, body)
    return list(POD_SECURITY.validate(resource, Stack((resource,)), {}))


@pytest.fixture(scope="module")
def restricted(sandbox: Sandbox) -> Iterator[Callable[[Body], str]]:
    """Creates a pod in a restricted namespace as a dry run; returns the API server's objection, or an empty string."""
    kubeconfig = sandbox.run("env", "--stack", "dev")["KUBECONFIG"]
    api: Any = client.CoreV1Api(config.new_client_from_config(kubeconfig))
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api.create_namespace({"metadata": {"name": "restricted", "labels": labels}})
    # The API server rejects pods until the namespace has its service account.
    while not any(
        account.metadata.name == "default" for account in api.list_namespaced_service_account("restricted").items
    ):
        time.sleep(0.1)

    def objection(body: Body) -> str:
        try:
            api.create_namespaced_pod("restricted", body, dry_run="All")
        except client.ApiException as error:
            if "violates PodSecurity" not in str(error.body):
                raise
            return str(error.body)
        return ""

    yield objection
    api.delete_namespace("restricted")


@pytest.mark.parametrize("name", PODS)
def test_the_rule_and_the_api_server_agree(restricted: Callable[[Body], str], name: str) -> None:
    body = deepcopy(RESTRICTED_POD)
    PODS[name](body)
    violations, objection = messages(body), restricted(body)
    assert bool(violations) == bool(objection), f"the rule: {violations}\nthe API server: {objection}"


def test_the_pods_include_accepted_and_rejected_ones() -> None:
    verdicts = []
    for change in PODS.values():
        body = deepcopy(RESTRICTED_POD)
        change(body)
        verdicts.append(bool(messages(body)))
    assert verdicts.count(True) > 25
    assert verdicts.count(False) > 10


def test_pods_are_found_in_every_workload_kind() -> None:
    template = {"metadata": {}, "spec": {"containers": [{"name": "main", "image": "x"}]}}
    kinds = {
        "apps/v1:DaemonSet": {"spec": {"template": template}},
        "apps/v1:StatefulSet": {"spec": {"template": template}},
        "batch/v1:Job": {"spec": {"template": template}},
        "batch/v1:CronJob": {"spec": {"jobTemplate": {"spec": {"template": template}}}},
    }
    for kind, body in kinds.items():
        resource = Resource(f"kubernetes:{kind}", "object", body, body)
        assert list(POD_SECURITY.validate(resource, Stack((resource,)), {})), kind
