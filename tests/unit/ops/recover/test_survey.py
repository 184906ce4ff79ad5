"""The survey: what is the stack's, what is not, what cannot be told, and what may not be read."""

from typing import Any

import pytest

from components.naming import common_labels
from ops.expected_stack import ExpectedStack
from ops.recover.live_resources import LiveResources
from ops.recover.owner import Owner
from ops.recover.report import Report
from ops.recover.survey import Survey, survey
from settings import Settings
from tests.support.api_server import ENGINE, FakeApiServer
from tests.support.emulator import ACCOUNT, RECORDS, RULESETS, TUNNELS, ZONE, Emulator

LOST: dict[str, Any] = {"version": 3, "deployment": {"resources": []}}
LABELS = common_labels("culvert-dev")
OWN = {"labels": LABELS, "annotations": {"culvert/owner": "culvert/dev"}, "managedFields": ENGINE}


def look(
    live: LiveResources, stack: str = "dev", state: dict[str, Any] = LOST, project: str = "culvert", **more: Any
) -> Survey:
    routes = [{"hostname": f"{stack}.example.com", "service": "http://blog"}]
    given = {"accountId": ACCOUNT, "zones": {"example.com": ZONE}, "namespace": "blog", "routes": routes, **more}
    owner = Owner(project, stack)
    return survey(ExpectedStack(stack, owner.name, Settings.parse(given)), owner, state, live)


def keys(surveyed: Survey) -> set[str]:
    return {f"{one.noun} {one.name}" for one in surveyed.found}


def test_labels_that_a_controller_copied_make_nothing_the_stacks(
    cluster: FakeApiServer, everywhere: LiveResources
) -> None:
    cluster.add("v1", "Secret", "ours", **OWN)
    controller = [{"manager": "replicator", "operation": "Update"}]
    cluster.add("v1", "Secret", "copied", **{**OWN, "managedFields": controller})
    cluster.add("v1", "Secret", "by-another-program", labels=LABELS, managedFields=ENGINE)
    cluster.add("apps/v1", "ReplicaSet", "culvert-dev-1", **OWN)
    # An aggregated API, which computes its objects and can only be read, and kinds of other controllers.
    cluster.add("metrics.k8s.io/v1beta1", "PodMetrics", "culvert-dev-1-x", labels=LABELS)
    cluster.add("cilium.io/v2", "CiliumIdentity", "4711", None, **OWN)
    cluster.refused["podmetricses"] = 405
    cluster.refused["broken.example.com/v1"] = 503
    surveyed = look(everywhere)
    assert keys(surveyed) == {"Secret ours"}
    assert surveyed.unread == []


def test_what_a_controller_created_or_is_being_deleted_is_not_left_over(
    cluster: FakeApiServer, everywhere: LiveResources
) -> None:
    cluster.add("v1", "Secret", "staying", **OWN)
    cluster.add("v1", "Secret", "pulled", **OWN, ownerReferences=[{"kind": "ExternalSecret"}])
    cluster.add("v1", "Secret", "going", **OWN, deletionTimestamp="now")
    assert keys(look(everywhere)) == {"Secret staying"}


def test_with_a_role_everything_in_the_stacks_namespaces_is_found(
    cluster: FakeApiServer, everywhere: LiveResources
) -> None:
    cluster.add("v1", "Secret", "here", **OWN)
    cluster.add("apps/v1", "Deployment", "before", "old", **OWN)
    cluster.add("apps/v1", "Deployment", "elsewhere", "theirs", **OWN)
    cluster.readable = {"blog", "old"}
    metadata = {"name": "culvert-dev-cloudflared", "namespace": "old"}
    held = {"urn": "…::x", "type": "kubernetes:apps/v1:Deployment", "id": "old/x", "inputs": {"metadata": metadata}}
    state = {"version": 3, "deployment": {"resources": [held]}}
    surveyed = look(everywhere, state=state, namespace={"name": "blog", "create": False})
    assert keys(surveyed) == {"Secret here", "Deployment before"}
    # Kinds that the cluster does not serve are refused as well, and are not unknown.
    assert surveyed.unread == []


def test_what_a_role_does_not_allow_is_unknown(cluster: FakeApiServer, everywhere: LiveResources) -> None:
    cluster.add("v1", "Secret", "here", **OWN)
    cluster.add("v1", "Namespace", "blog", None, **OWN)
    cluster.add("apps/v1", "Deployment", "culvert-dev-cloudflared", **OWN)
    cluster.readable, cluster.refused["secrets"] = {"blog"}, 403
    surveyed = look(everywhere)
    assert keys(surveyed) == {"Deployment culvert-dev-cloudflared"}
    assert [reason.partition(":")[0] for reason in surveyed.unread] == ["Secret in blog", "Namespace in blog"]


def test_an_error_of_the_api_server_is_unknown_and_stops_nothing(
    cluster: FakeApiServer, everywhere: LiveResources
) -> None:
    cluster.add("v1", "Service", "culvert-dev-metrics", **OWN)
    cluster.add("v1", "Secret", "ours", **OWN)
    for status in (405, 503):
        cluster.refused["services"] = status
        surveyed = look(everywhere)
        assert keys(surveyed) == {"Secret ours"}
        assert [reason.partition(":")[0] for reason in surveyed.unread] == ["Service"]


def test_resources_that_resemble_the_stacks_are_not_its_own(everywhere: LiveResources, emulator: Emulator) -> None:
    tunnel = emulator.tunnel("culvert-dev-2")
    record = {"type": "CNAME", "content": f"{tunnel}.cfargotunnel.com", "proxied": True, "ttl": 1}
    for number, comment in enumerate(("culvert/dev-2", "culvert/dev by hand", None)):
        emulator.done("POST", RECORDS, {**record, "name": f"r{number}.example.com", "comment": comment})
    account = f"/accounts/{ACCOUNT}"
    everyone = {"decision": "allow", "include": [{"everyone": {}}]}
    for name in ("culvert-dev-2 a.example.com: people", "culvert-dev friends", "culvert-dev a.example.com: friends"):
        emulator.done("POST", f"{account}/access/policies", {"name": name, **everyone})
    for name, domain in (("culvert-dev a.example.com", "b.example.com"), ("culvert-dev-2 c", "c.example.com")):
        emulator.done("POST", f"{account}/access/apps", {"name": name, "type": "self_hosted", "domain": domain})
    emulator.done("POST", f"{account}/access/service_tokens", {"name": "culvert-dev-by-hand"})
    for description in ("culvert-dev-2: a.example.com", "culvert-dev"):
        emulator.done("POST", f"{account}/load_balancers/monitors", {"type": "https", "description": description})
    ruleset = {"kind": "zone", "phase": "http_ratelimit", "name": "r", "rules": []}
    emulator.done("POST", RULESETS, {**ruleset, "description": "[kept by culvert-dev-2]"})
    surveyed = look(everywhere)
    assert (keys(surveyed), surveyed.unclear, surveyed.unread) == (set(), [], [])


def test_a_token_that_may_not_read_what_the_stack_never_had_is_enough(
    everywhere: LiveResources, emulator: Emulator
) -> None:
    emulator.tunnel("culvert-dev")
    limited = emulator.create_token(["Cloudflare Tunnel: Edit", "DNS: Edit"])
    everywhere._environ = {**everywhere._environ, "CLOUDFLARE_API_TOKEN": limited}
    surveyed = look(everywhere)
    assert (keys(surveyed), surveyed.unread) == ({"tunnel culvert-dev"}, [])
    (reason,) = look(everywhere, notify={"email": ["ops@example.com"]}).unread
    assert reason.startswith("notification policy: ")


def test_stacks_of_one_name_are_told_apart_by_their_marks(
    everywhere: LiveResources, emulator: Emulator, cluster: FakeApiServer
) -> None:
    """`dev-2` of project `culvert` and `2` of project `culvert-dev` are both called culvert-dev-2."""
    labels = common_labels("culvert-dev-2")
    for name, mark in (("first", "culvert/dev-2"), ("second", "culvert-dev/2")):
        cluster.add("v1", "Secret", name, labels=labels, annotations={"culvert/owner": mark}, managedFields=ENGINE)
    tunnel = emulator.tunnel("culvert-dev-2")
    record = {"type": "CNAME", "content": f"{tunnel}.cfargotunnel.com", "proxied": True, "ttl": 1}
    emulator.done("POST", RECORDS, {**record, "name": "dev-2.example.com", "comment": "culvert/dev-2"})
    policy = {"decision": "allow", "include": [{"everyone": {}}], "name": "culvert-dev-2 dev-2.example.com: people"}
    emulator.done("POST", f"/accounts/{ACCOUNT}/access/policies", policy)
    first, second = look(everywhere, "dev-2"), look(everywhere, "2", project="culvert-dev")
    assert keys(first) == {
        "Secret first",
        "tunnel culvert-dev-2",
        "record dev-2.example.com",
        "Access policy culvert-dev-2 dev-2.example.com: people",
    }
    assert keys(second) == {"Secret second"}
    assert first.unclear == second.unclear == []


def test_a_tunnel_of_two_possible_stacks_is_unclear_until_its_rules_tell(
    everywhere: LiveResources, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    tunnel = emulator.tunnel("culvert-dev-2")
    surveyed = look(everywhere, "dev-2")
    assert (keys(surveyed), [one.id for one in surveyed.unclear]) == (set(), [tunnel])
    Report("dev-2", surveyed, []).finish(as_json=False, action=None, next_step="pulumi up")
    assert f"If it is this stack's, set culvert:tunnel: {{adopt: {tunnel}}} and" in capsys.readouterr().err
    rules = [{"hostname": "dev-2.example.com", "service": "http://blog"}, {"service": "http_status:404"}]
    emulator.done("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": {"ingress": rules}})
    assert keys(look(everywhere, "dev-2")) == {"tunnel culvert-dev-2"}


@pytest.mark.parametrize(("project", "stack", "others"), [("culvert", "dev", ()), ("a", "b-c", ("a-b/c",))])
def test_other_stacks_of_a_name_are_the_other_ways_to_split_it(
    project: str, stack: str, others: tuple[str, ...]
) -> None:
    assert Owner(project, stack).others == others


def test_a_ruleset_loses_only_the_stacks_rules(everywhere: LiveResources, emulator: Emulator) -> None:
    rule = {"action": "block", "expression": "true"}
    rules = [{**rule, "ref": "culvert-dev_a"}, {**rule, "ref": "by-hand"}]
    body = {"kind": "zone", "phase": "http_request_firewall_custom", "name": "r", "rules": rules}
    made = emulator.done("POST", RULESETS, {**body, "description": "mine [kept by culvert-dev]"})
    (found,) = look(everywhere).found
    everywhere.delete(found, "culvert-dev")
    left = emulator.done("GET", f"{RULESETS}/{made['id']}")
    assert [one["ref"] for one in left["rules"]] == ["by-hand"]
    assert left["description"] == "mine"
    assert look(everywhere).found == []


def test_with_a_refused_token_nothing_at_cloudflare_is_known(everywhere: LiveResources) -> None:
    everywhere._environ = {**everywhere._environ, "CLOUDFLARE_API_TOKEN": "wrong"}
    assert [reason.partition(":")[0] for reason in look(everywhere).unread] == ["record", "tunnel"]
