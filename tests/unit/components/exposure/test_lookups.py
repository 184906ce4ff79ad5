"""Look-ups before the first resource: foreign resources that stop the program, and adopted ones."""

import json
import runpy
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_random as random
import pytest

from components.exposure import Exposure
from tests.support.mock_recorder import TUNNEL_ID, Deploy, Recorded
from tests.support.paths import PROJECT
from tests.support.setting_diff import BASE, RECORD_ID, UP
from tests.support.snapshot import assert_message_matches

ACCOUNT, ZONE = BASE["accountId"], BASE["zones"]["example.com"]
OTHER = "f" * 32
ADOPTED_TUNNEL = "c1744f8b-faa1-48a4-9e5c-02ac921467fa"
TUNNEL = {"name": "homelab", "configSrc": "cloudflare", "id": ADOPTED_TUNNEL, "deletedAt": None}


def route(hostname: str = "blog.example.com", **more: Any) -> dict[str, Any]:
    return {"hostname": hostname, "service": "http://blog", **more}


def record(**more: Any) -> dict[str, Any]:
    made = {"type": "CNAME", "content": "old.example.net", "createdOn": "2024-03-01T09:30:00Z"}
    return {"id": RECORD_ID, "name": "blog.example.com", **made, **more}


def run(deploy: Deploy, *routes: dict[str, Any], answers: dict[str, Any] | None = None, **settings: Any) -> Recorded:
    given = {**BASE, **({"routes": list(routes)} if routes else {}), **settings}
    config = {
        f"culvert:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in given.items()
        if value is not None
    }
    return deploy(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), "dev", config, answers=answers or {}
    )


def listed(*records: dict[str, Any]) -> dict[str, Any]:
    return {"getDnsRecords": {"results": list(records)}}


def refused(deploy: Deploy, *routes: dict[str, Any], **more: Any) -> str:
    """The error with which the program stops."""
    with pytest.raises(pulumi.RunError) as caught:
        run(deploy, *routes, **more)
    assert_message_matches(str(caught.value))
    return str(caught.value)


def refusal(path: str, status: int, code: int, message: str) -> str:
    """The provider's error for a reply of the API."""
    body = json.dumps({"success": False, "errors": [{"code": code, "message": message}], "result": None})
    return f'failed to make http request: GET "https://api.cloudflare.com/client/v4/{path}": {status} Refused {body}'


def all_reads(recorded: Recorded) -> list[tuple[str, dict[str, Any]]]:
    return [(token.rsplit(":", 1)[-1], args) for token, args in recorded.invokes if token.startswith("cloudflare:")]


def looked_up(recorded: Recorded) -> list[tuple[str, dict[str, Any]]]:
    """The reads of what is new, without the one of the account that every run makes."""
    return [read for read in all_reads(recorded) if read[0] != "getZeroTrustTunnelCloudflareds"]


def test_the_error_for_a_foreign_record_has_all_that_its_adoption_needs(deploy: Deploy) -> None:
    message = refused(deploy, answers=listed(record(comment="made by hand")))
    assert 'culvert:routes[0].hostname: "blog.example.com" has a record outside this stack, CNAME' in message
    assert 'CNAME old.example.net (created 2024-03-01T09:30:00Z, comment "made by hand", id ' + RECORD_ID in message
    assert f'adopt: "{RECORD_ID}" with it to adopt that record' in message


def test_a_new_hostname_takes_one_look_up_and_no_import(deploy: Deploy) -> None:
    recorded = run(deploy, answers=listed(record(name="other.example.com")))
    assert looked_up(recorded) == [
        ("getDnsRecords", {"zoneId": ZONE, "maxItems": 1_000_000, "name": {"exact": "blog.example.com"}})
    ]
    assert {resource.imported for resource in recorded.resources} == {""}


def test_several_new_hostnames_of_a_zone_take_one_look_up(deploy: Deploy) -> None:
    recorded = run(deploy, route(), route("log.example.com"), route("tog.example.com"))
    assert looked_up(recorded) == [("getDnsRecords", {"zoneId": ZONE, "maxItems": 1_000_000})]


def test_the_stacks_own_hostnames_are_not_looked_up(deploy: Deploy) -> None:
    assert looked_up(run(deploy, answers={**UP, **listed(record())})) == []


def test_a_record_is_adopted_by_its_id(deploy: Deploy) -> None:
    recorded = run(deploy, route(adopt=RECORD_ID), answers=listed(record()))
    assert recorded.one("DnsRecord").imported == f"{ZONE}/{RECORD_ID}"
    assert recorded.one("ZeroTrustTunnelCloudflared").imported == ""


def test_an_adopted_record_is_not_imported_again(deploy: Deploy) -> None:
    recorded = run(deploy, route(adopt=RECORD_ID), tunnel={"adopt": TUNNEL_ID}, answers={**UP, **listed(record())})
    assert {resource.imported for resource in recorded.resources} == {""}
    assert looked_up(recorded) == []


def test_a_zone_without_an_id_is_looked_up_for_the_record(deploy: Deploy) -> None:
    recorded = run(deploy, route(adopt=RECORD_ID), zones={"example.com": None}, answers=listed(record()))
    assert recorded.one("DnsRecord").imported.endswith(f"/{RECORD_ID}")
    zone, records = looked_up(recorded)
    assert zone == ("getZone", {"filter": {"name": "example.com", "account": {"id": ACCOUNT}, "match": "all"}})
    assert records[0] == "getDnsRecords"


def test_foreign_records_of_every_zone_are_reported(deploy: Deploy) -> None:
    zones = {"example.com": ZONE, "example.org": OTHER}
    routes = [route(), route("blog.example.org")]
    found = listed(record(), record(name="blog.example.org"))
    message = refused(deploy, *routes, zones=zones, answers=found)
    assert message.startswith("2 mistakes")


@pytest.mark.parametrize("given", ["none", "provider", "list", "mapping", "parent"])
def test_every_look_up_asks_the_provider_of_the_component(deploy: Deploy, given: str) -> None:
    def program() -> None:
        theirs, other = cloudflare.Provider("theirs", api_token="t"), random.Provider("other")  # noqa: S106
        options = {
            "none": pulumi.ResourceOptions(),
            "provider": pulumi.ResourceOptions(provider=theirs),
            "list": pulumi.ResourceOptions(providers=[other, theirs]),
            "mapping": pulumi.ResourceOptions(providers={"random": other, "cloudflare": theirs}),
        }
        inside = pulumi.ComponentResource("test:index:Parent", "parent", None, options["list"])
        options["parent"] = pulumi.ResourceOptions(parent=inside)
        adopting = {**BASE, "zones": {"example.com": None}, "tunnel": {"adopt": ADOPTED_TUNNEL}}
        Exposure("culvert-dev", adopting, options[given])

    recorded = deploy(program, answers={"getZeroTrustTunnelCloudflared": TUNNEL})
    read = {
        token.rsplit(":", 1)[-1]: provider
        for (token, _), provider in zip(recorded.invokes, recorded.providers, strict=True)
    }
    reads = ("getZeroTrustTunnelCloudflareds", "getZone", "getDnsRecords", "getZeroTrustTunnelCloudflared")
    assert {read[each] for each in reads} == {"" if given == "none" else "theirs"}


@pytest.mark.parametrize("kind", ["A", "AAAA", "NS"])
def test_a_record_that_is_not_a_cname_cannot_be_adopted(deploy: Deploy, kind: str) -> None:
    for adopt in ({}, {"adopt": RECORD_ID}):
        message = refused(deploy, route(**adopt), answers=listed(record(type=kind, content="192.0.2.1")))
        assert f"existing: {kind}" not in message
        assert f"{kind} 192.0.2.1" in message
        assert "another hostname, or that record deleted" in message


def test_records_that_may_exist_beside_a_cname_are_no_conflict(deploy: Deploy) -> None:
    assert run(deploy, answers=listed(record(type="TXT", content="v=spf1"))).one("DnsRecord").imported == ""


def test_the_id_of_another_hostnames_record_is_rejected(deploy: Deploy) -> None:
    message = refused(deploy, route(adopt=OTHER), answers=listed(record(), record(id=OTHER, name="other.example.com")))
    assert f'routes[0].adopt: "{OTHER}" is not a record of blog.example.com' in message
    assert f"Accepted: {RECORD_ID}" in message
    assert "existing: none. Accepted: no adopt" in refused(deploy, route(adopt=OTHER))


def test_another_record_than_the_stacks_own_is_rejected(deploy: Deploy) -> None:
    message = refused(deploy, route(adopt=OTHER), answers=UP)
    assert f"cannot be adopted: the stack already has a record for blog.example.com, {RECORD_ID}" in message


def test_a_record_that_an_interrupted_run_created_is_the_stacks_own(deploy: Deploy) -> None:
    ours = record(content=f"{TUNNEL_ID}.cfargotunnel.com", comment="culvert/dev")
    run(deploy, answers=listed(ours))
    tunnel_only = {"readStackOutputs": {"outputs": {"tunnelName": "culvert-dev", "tunnelId": TUNNEL_ID, "records": {}}}}
    run(deploy, answers={**listed(ours), **tunnel_only})
    another = record(content=f"{ADOPTED_TUNNEL}.cfargotunnel.com", comment="culvert/dev")
    assert "has a record outside this stack" in refused(deploy, answers={**listed(another), **tunnel_only})
    assert "has a record outside this stack" in refused(deploy, answers=listed({**ours, "comment": "culvert/prod"}))
    assert "has a record outside this stack" in refused(deploy, answers=listed({**ours, "content": "old.example.net"}))


def test_outputs_of_another_exposure_of_the_stack_are_ignored(deploy: Deploy) -> None:
    outputs = {"tunnelName": "other", "tunnelId": TUNNEL_ID, "records": {"blog.example.com": RECORD_ID}}
    answers = {"readStackOutputs": {"outputs": outputs}}
    assert [name for name, _ in looked_up(run(deploy, answers=answers))] == ["getDnsRecords"]


def test_a_zone_that_cannot_be_listed_now_is_a_warning(deploy: Deploy, caplog: pytest.LogCaptureFixture) -> None:
    answers = {"getDnsRecords": refusal("…", 503, 10013, "Internal Server Error")}
    recorded = run(deploy, route(), route("log.example.com"), answers=answers)
    assert {record.imported for record in recorded.every("DnsRecord")} == {""}
    (warning,) = [record.message for record in caplog.records if "cannot be listed" in record.message]
    assert_message_matches(warning)


UNAUTHORIZED = refusal("…", 401, 10000, "Authentication error")


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (401, 10000, "Authentication error"),
        (403, 9109, "Unauthorized to access requested resource"),
        (404, 7003, "Could not route to /zones"),
        (400, 6003, "Invalid request headers"),
    ],
)
def test_a_zone_whose_records_the_api_refuses_to_list_stops_the_program(
    deploy: Deploy, status: int, code: int, reason: str
) -> None:
    answer = refusal(f"zones/{ZONE}/dns_records", status, code, reason)
    message = refused(deploy, answers={"getDnsRecords": answer})
    assert message.startswith("1 mistake in the settings; nothing was changed.")
    assert f'culvert:zones["example.com"]: "{ZONE}" is a zone whose records cannot be listed' in message
    assert f"the API answers {status}, {code} {reason}. Accepted: the id of the zone example.com, and" in message
    assert "Zone > DNS: Edit on it" in message


def test_a_zone_without_an_id_that_cannot_be_looked_up_stops_the_program(deploy: Deploy) -> None:
    answers = {"getZone": refusal("zones", 403, 9109, "Unauthorized")}
    message = refused(deploy, zones={"example.com": None}, answers=answers)
    assert (
        'culvert:zones["example.com"]: null is not an id, and the zone cannot be looked up: the API answers' in message
    )
    assert "or an API token (CLOUDFLARE_API_TOKEN, or cloudflare:apiToken) with Zone > Zone: Read" in message


def test_a_zone_that_the_account_does_not_have_is_an_error(deploy: Deploy) -> None:
    answers = {"getZone": "failed to find exactly one result: 0 found"}
    message = refused(deploy, zones={"example.com": None}, answers=answers)
    assert "cannot be looked up: the account has no zone of that name that the API token may read" in message


def test_every_refused_zone_is_reported_with_the_refused_account(deploy: Deploy) -> None:
    forbidden = refusal("…", 403, 10000, "Authentication error")
    zones = {"example.com": ZONE, "example.org": OTHER}
    answers = {"getDnsRecords": forbidden, "getZeroTrustTunnelCloudflareds": forbidden}
    message = refused(deploy, route(), route("blog.example.org"), zones=zones, answers=answers)
    assert message.startswith("3 mistakes in the settings; nothing was changed.")
    assert f'1. culvert:accountId: "{ACCOUNT}" is an account whose tunnels cannot be listed: the API answers' in message
    assert "Account > Cloudflare Tunnel: Edit on it" in message


@pytest.mark.parametrize("answers", [{}, UP], ids=["new", "up"])
def test_a_token_that_is_not_valid_is_one_error_of_every_run(deploy: Deploy, answers: dict[str, Any]) -> None:
    tokens = {"getZeroTrustTunnelCloudflareds": UNAUTHORIZED, "getDnsRecords": UNAUTHORIZED}
    message = refused(deploy, answers={**answers, **tokens})
    assert message.startswith("1 mistake in the settings; nothing was changed.")
    assert "culvert:accountId" in message
    assert "the API answers 401, 10000 Authentication error" in message


def test_an_account_that_cannot_be_asked_stops_nothing(deploy: Deploy) -> None:
    recorded = run(deploy, answers={**UP, "getZeroTrustTunnelCloudflareds": 'GET "https://…": connection refused'})
    assert recorded.one("DnsRecord").inputs["name"] == "blog.example.com"


@pytest.mark.parametrize("results", [[], [{"id": TUNNEL_ID, "name": "culvert-dev"}]])
def test_a_tunnel_that_was_deleted_by_hand_is_a_warning_with_the_command(
    deploy: Deploy, caplog: pytest.LogCaptureFixture, results: list[dict[str, Any]]
) -> None:
    run(deploy, answers={**UP, "getZeroTrustTunnelCloudflareds": {"results": results}})
    warned = f"The account has no tunnel culvert-dev any more ({TUNNEL_ID})" in caplog.text
    assert warned is (not results)
    assert ("`pulumi up --replace '**culvert-dev-tunnel'` creates a new one" in caplog.text) is warned


def test_a_run_that_adds_nothing_makes_one_read(deploy: Deploy) -> None:
    name = {"accountId": ACCOUNT, "isDeleted": False, "maxItems": 1, "name": "culvert-dev"}
    assert all_reads(run(deploy, answers=UP)) == [("getZeroTrustTunnelCloudflareds", name)]


def test_without_readable_outputs_every_hostname_is_new(deploy: Deploy, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        assert len(looked_up(run(deploy, answers={"readStackOutputs": "unknown stack"}))) == 1
    assert "the stack's own outputs cannot be read: " in caplog.text
    assert "The account has no tunnel" not in caplog.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": [{"code": 10000, "message": "No"}, {"code": 0, "message": "no user"}]}, ", 10000 No; no user. Acc"),
        ("<html>Sign in</html>", ': 403 Refused "<html>Sign in</html>". Accepted'),
    ],
)
def test_a_refusal_has_every_code_and_message_or_the_whole_reply(deploy: Deploy, body: Any, said: str) -> None:
    answers = {"getDnsRecords": f'GET "https://api.cloudflare.com": 403 Refused {json.dumps(body)}'}
    assert said in refused(deploy, answers=answers)


def test_a_tunnel_is_adopted_with_its_rules(deploy: Deploy) -> None:
    recorded = run(deploy, tunnel={"adopt": ADOPTED_TUNNEL}, answers={"getZeroTrustTunnelCloudflared": TUNNEL})
    adopting = {
        resource.type.rsplit(":", 1)[-1]: resource.imported for resource in recorded.resources if resource.imported
    }
    place = f"{ACCOUNT}/{ADOPTED_TUNNEL}"
    assert adopting == {"ZeroTrustTunnelCloudflared": place, "ZeroTrustTunnelCloudflaredConfig": place}
    assert ("getZeroTrustTunnelCloudflared", {"accountId": ACCOUNT, "tunnelId": ADOPTED_TUNNEL}) in looked_up(recorded)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({**TUNNEL, "configSrc": "local"}, "is the tunnel homelab, whose rules are in a file beside its connector"),
        (
            {**TUNNEL, "deletedAt": "2024-03-01T09:30:00Z"},
            "is the tunnel homelab, which was deleted at 2024-03-01T09:30:00Z",
        ),
        ("404 Not Found", "failed: 404 Not Found. Accepted: a tunnel of the account"),
    ],
)
def test_a_tunnel_that_cannot_be_adopted_stops_the_program(deploy: Deploy, answer: Any, why: str) -> None:
    message = refused(deploy, tunnel={"adopt": ADOPTED_TUNNEL}, answers={"getZeroTrustTunnelCloudflared": answer})
    assert f'culvert:tunnel.adopt: "{ADOPTED_TUNNEL}"' in message
    assert why in message


def test_a_stack_with_its_own_tunnel_adopts_no_other(deploy: Deploy) -> None:
    message = refused(deploy, tunnel={"adopt": ADOPTED_TUNNEL}, answers=UP)
    assert f"cannot be adopted: the stack already has a tunnel, {TUNNEL_ID}" in message


def test_all_conflicts_are_reported_together(deploy: Deploy) -> None:
    message = refused(
        deploy, route(), route("log.example.com"), answers=listed(record(), record(name="log.example.com"))
    )
    assert message.startswith("2 mistakes in the settings; nothing was changed.")
