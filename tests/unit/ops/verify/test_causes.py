"""Which findings are causes, which follow from them, and that each remedy is complete."""

import re
from dataclasses import replace

import pytest

from ops.verify.causes import causes, explained, name_of
from ops.verify.checks import (
    connectivity,
    connector,
    deployment,
    network_policy,
    public_response,
    reachable,
    records,
    services,
    tunnel,
)
from ops.verify.checks.token_secret import judge
from ops.verify.faults import FAULTS, LAYERS, Fault
from ops.verify.probe_targets import Target
from ops.verify.result import CheckResult, Status

VALUES = {"stack": "dev", "name": "culvert-dev", "namespace": "blog", "deployment": "culvert-dev-cloudflared"}
VALUES |= {"epoch": "1", "policy_kinds": "networkpolicies.networking.k8s.io"}


def _follows(*failed: CheckResult) -> list[str]:
    return [one.follows_from for one in explained(failed, VALUES)]


def test_every_fault_is_the_consequence_of_faults_that_exist() -> None:
    names = {name for fault in FAULTS.values() for name in fault.follows_from}
    assert names - set(FAULTS) == set()
    assert not [fault.name for fault in FAULTS.values() if fault.name in fault.follows_from]


def test_no_two_faults_have_one_name() -> None:
    assert len(FAULTS) == sum(map(len, LAYERS.values()))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_every_text_is_complete_once_filled(fault: Fault) -> None:
    added = {"object": "pod/a", "kind": "networkpolicies.networking.k8s.io", "other": "wide", "host": "a.example.com"}
    added |= {"service": "blog", "service_namespace": "blog", "accepted": "its port 80"}
    added |= {"port": "80", "declared": "81", "hostname": "a.example.com", "policies": "wide", "backend_namespace": "b"}
    added |= {"entity": "host", "selected": "the pods", "url": "http://blog.blog.svc:80"}
    filled = fault.filled({**VALUES, **added, "subject": "a"})
    for text in (filled.impact, filled.cause, filled.remedy, *filled.commands):
        assert not re.search(r"[{}]", text), text
        assert text.strip()
    for command in filled.commands:
        if command.startswith("pulumi "):
            assert "--stack dev" in command, command
        # What the whole cluster has is in no namespace.
        if (
            command.startswith("kubectl ")
            and "config current-context" not in command
            and "of the cluster" not in fault.name
        ):
            assert re.search(r" -n [a-z]| --all-namespaces", command), command


def test_what_follows_from_a_cause_names_its_root() -> None:
    gone = tunnel.TUNNEL.finds("culvert-dev", "gone", FAULTS["tunnel missing"])
    unready = deployment.PODS.finds("a", "not ready", FAULTS["pod not ready"])
    unconnected = connector.CONNECTED.finds("a", "0 of 4", FAULTS["connector without all connections"])
    page = public_response.ANSWER.finds("https://a.example.com/", "530", FAULTS["error 1016"])
    found = explained([page, unconnected, unready, gone], VALUES)
    assert [one.follows_from for one in found] == ["tunnel: culvert-dev"] * 3 + [""]
    assert causes(found) == [found[3]]
    assert found[3].commands == ("pulumi up --replace '**culvert-dev-tunnel' --stack dev",)
    # Through a finding in between: connections are missing because pods are, which the image explains.
    changed = deployment.WORKLOAD.finds("d", "image", FAULTS["Deployment changed"])
    none = tunnel.CONNECTIONS.finds("culvert-dev", "none", FAULTS["no connector connected"])
    refused = public_response.ANSWER.finds("https://a.example.com/", "530", FAULTS["error 1033"])
    assert _follows(changed, none, refused) == ["", "workload: d", "workload: d"]


def test_a_records_fault_explains_its_own_hostname_alone() -> None:
    gone = records.RECORDS.finds("a.example.com", "gone", FAULTS["record missing"])
    pages = [
        public_response.RESOLVES.finds(f"https://{host}/", "none", FAULTS["hostname does not resolve"])
        for host in ("a.example.com", "b.example.com")
    ]
    assert _follows(gone, *pages) == ["", "records: a.example.com", ""]


SERVICE = services.SERVICES.finds("web/a", "gone", FAULTS["Service missing"], impact="502 for a.example.com")
CLOSED = reachable.REACHABLE.finds("web/a:80", "closed", FAULTS["origin elsewhere"], impact="502 for a.example.com")
TARGET = Target("backend of a.example.com", "a", 80, allowed=True, hostnames=("a.example.com", "*.example.org"))
(SILENT,) = [
    one
    for one in connectivity.judge("p", [TARGET], {"control": True, "dns": True, "0": False})
    if one.status is Status.FAILED
]


@pytest.mark.parametrize("cause", [SERVICE, CLOSED, SILENT], ids=lambda cause: cause.check)
def test_a_fault_of_one_origin_explains_the_hostnames_that_lead_there_alone(cause: CheckResult) -> None:
    pages = [
        public_response.ANSWER.finds(f"https://{host}/", "502", FAULTS["error 502"])
        for host in ("a.example.com", "b.example.com", "aa.example.com")
    ]
    assert _follows(cause, *pages) == ["", name_of(cause), "", ""]


def test_a_fault_of_one_origin_explains_what_is_found_of_the_same_origin() -> None:
    other = replace(SERVICE, subject="web/b", impact="502 for b.example.com")
    assert _follows(other, SILENT) == ["", ""]
    assert _follows(other, SERVICE, SILENT) == ["", "", "services: web/a"]


def test_a_finding_of_a_wildcard_explains_the_name_that_is_probed_below_it() -> None:
    page = public_response.ANSWER.finds("https://culvert-verify.example.org/", "502", FAULTS["error 502"])
    assert _follows(SILENT, page) == ["", "backends: backend of a.example.com"]
    gone = records.RECORDS.finds("*.example.org", "gone", FAULTS["record missing"])
    page = public_response.RESOLVES.finds(
        "https://culvert-verify.example.org/", "none", FAULTS["hostname does not resolve"]
    )
    assert _follows(gone, page) == ["", "records: *.example.org"]


def test_findings_that_have_nothing_to_do_with_each_other_are_two_causes() -> None:
    gone = records.RECORDS.finds("a.example.com", "gone", FAULTS["record missing"])
    wide = network_policy.POLICY_RULES.finds("culvert-dev", "wide", FAULTS["policy changed"])
    silent = connectivity.BACKENDS.finds("blog", "silent", FAULTS["backend does not answer"])
    assert _follows(gone, wide, silent) == ["", "", "policy-rules: culvert-dev"]


def _secret(manager: str, **more: object) -> dict:
    written = {"manager": manager, "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:data": {}, **more}}
    return {"metadata": {"name": "s", "managedFields": [written, {"manager": "kubectl-label", "fieldsV1": {}}]}}


@pytest.mark.parametrize(
    ("secret", "delivery", "fault"),
    [
        (_secret("pulumi-kubernetes-1a2b"), "secret", ""),
        (None, "secret", "token Secret missing"),
        (None, "existing", "token Secret missing"),
        (_secret("kubectl-edit"), "secret", "token Secret changed"),
        (_secret("controller"), "sealed", ""),
    ],
)
def test_a_secret_is_judged_by_who_wrote_its_data(secret: dict | None, delivery: str, fault: str) -> None:
    found = judge("s", secret, delivery)
    assert found.fault == fault
    assert (found.status is Status.PASSED) == (not fault)
    assert fault != "token Secret changed" or "kubectl-edit wrote its data at 2026-01-01" in found.observed


def test_each_update_restores_fields_where_one_of_them_has_to() -> None:
    gone = records.RECORDS.finds("a.example.com", "gone", FAULTS["record missing"])
    scaled = deployment.WORKLOAD.finds("culvert-dev-cloudflared", "none", FAULTS["Deployment changed"])
    alone = explained([gone], VALUES)[0].commands
    both = explained([gone, scaled], VALUES)
    assert alone == ("pulumi up --refresh --stack dev",)
    assert both[0].commands == both[1].commands == (f"PULUMI_K8S_ENABLE_PATCH_FORCE=true {alone[0]}",)
