"""DNS records: one per hostname, in the right zone, and not before a connector is available."""

from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_random as random
import pytest

from components import Records
from components.records import RecordsArgs
from tests.support.mock_recorder import TUNNEL_ID, ZONE_ID, Deploy, Recorded

ACCOUNT = "0123456789abcdef0123456789abcdef"
KNOWN = "89abcdef0123456789abcdef01234567"
TARGET = f"{TUNNEL_ID}.cfargotunnel.com"
ARGS: RecordsArgs = {
    "account_id": ACCOUNT,
    "zones": {"example.com": KNOWN, "example.org": None, "unused.example": None},
    "hostnames": {
        "blog.example.com": "example.com",
        "*.example.org": "example.org",
        "www.example.org": "example.org",
    },
    "target": TARGET,
    "comment": "culvert/dev",
}


def deployed(deploy: Deploy, **more: Any) -> Recorded:
    return deploy(lambda: Records("culvert-dev", {**ARGS, **more}))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def recorded(deploy: Deploy) -> Recorded:
    return deployed(deploy)


def test_each_hostname_has_one_record_named_after_it(recorded: Recorded) -> None:
    assert recorded.names == {
        "DnsRecord culvert-dev-blog.example.com",
        "DnsRecord culvert-dev-*.example.org",
        "DnsRecord culvert-dev-www.example.org",
    }
    assert recorded.components == ["culvert:index:Records culvert-dev"]
    assert {record.parent for record in recorded.resources} == {"culvert:index:Records"}
    ids = {hostname: f"culvert-dev-{hostname}-id" for hostname in ARGS["hostnames"]}
    assert recorded.outputs["culvert:index:Records"] == {"ids": ids}


def test_no_hostnames_have_no_ids(deploy: Deploy) -> None:
    assert deployed(deploy, hostnames={}).outputs["culvert:index:Records"] == {"ids": {}}


def test_a_record_that_exists_is_imported(deploy: Deploy) -> None:
    recorded = deployed(deploy, adopt={"blog.example.com": f"{KNOWN}/record"})
    imported = {record.inputs["name"]: record.imported for record in recorded.resources if record.imported}
    assert imported == {"blog.example.com": f"{KNOWN}/record"}


def test_a_record_is_a_proxied_cname_to_the_tunnel(recorded: Recorded) -> None:
    record = next(record for record in recorded.resources if record.inputs["name"] == "blog.example.com")
    assert record.inputs == {
        "zoneId": KNOWN,
        "name": "blog.example.com",
        "type": "CNAME",
        "content": TARGET,
        "proxied": True,
        "ttl": 1,
        "comment": "culvert/dev",
    }


def test_only_used_zones_without_an_id_are_looked_up_and_once_each(recorded: Recorded) -> None:
    assert [(token, args["filter"]["name"]) for token, args in recorded.invokes] == [
        ("cloudflare:index/getZone:getZone", "example.org")
    ]
    zones = {record.inputs["name"]: record.inputs["zoneId"] for record in recorded.resources}
    assert zones == {"blog.example.com": KNOWN, "*.example.org": ZONE_ID, "www.example.org": ZONE_ID}


def test_a_zone_is_looked_up_by_the_provider_of_the_records(deploy: Deploy) -> None:
    def program() -> None:
        theirs = cloudflare.Provider("theirs", api_token="t")  # noqa: S106
        Records("culvert-dev", ARGS, pulumi.ResourceOptions(providers=[theirs]))

    assert deploy(program).providers == ["theirs"]


def test_a_zone_is_looked_up_in_its_account(recorded: Recorded) -> None:
    ((_, args),) = recorded.invokes
    assert args["filter"] == {"name": "example.org", "account": {"id": ACCOUNT}, "match": "all"}


def test_a_renamed_hostname_changes_no_other_record(deploy: Deploy) -> None:
    before = deployed(deploy)
    names = {
        "journal.example.com" if name.startswith("blog") else name: zone for name, zone in ARGS["hostnames"].items()
    }
    after = deployed(deploy, hostnames=names)
    assert before.names - after.names == {"DnsRecord culvert-dev-blog.example.com"}
    assert after.names - before.names == {"DnsRecord culvert-dev-journal.example.com"}


def test_a_comment_that_is_omitted_is_project_and_stack(deploy: Deploy) -> None:
    assert deployed(deploy, comment="").resources[0].inputs["comment"] == "culvert/dev"


def test_a_long_comment_is_truncated_at_the_limit_of_the_free_plan(deploy: Deploy) -> None:
    record = deployed(deploy, comment="culvert/" + "s" * 100).resources[0]
    assert record.inputs["comment"] == "culvert/" + "s" * 92


def test_records_are_created_after_their_dependencies(deploy: Deploy) -> None:
    def program() -> None:
        connector = random.RandomPassword("connector", length=8)
        Records("culvert-dev", {**ARGS, "depends_on": [connector]})

    records = deploy(program).every("DnsRecord")
    assert len(records) == 3
    assert all("RandomPassword connector" in record.dependencies for record in records)
