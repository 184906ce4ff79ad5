"""Cloudflare Access for hostnames: applications, policies in their order, and secret service tokens."""

from typing import Any

import pytest

from components import Access
from components.access import AccessApplicationArgs
from tests.support.mock_recorder import AUDIENCE, CLIENT_SECRET, Deploy, Recorded

ACCOUNT = "0123456789abcdef0123456789abcdef"
PEOPLE: AccessApplicationArgs = {
    "domains": ["blog.example.com"],
    "emails": ["ann@example.com"],
    "email_domains": ["example.org"],
    "groups": ["a-group"],
    "identity_providers": ["a-provider"],
    "session_duration": "8h",
}


def deployed(deploy: Deploy, **applications: AccessApplicationArgs) -> Recorded:
    return deploy(lambda: Access("culvert-dev", {"account_id": ACCOUNT, "applications": dict(applications)}))


def policy(recorded: Recorded, what: str) -> dict[str, Any]:
    (found,) = [each for each in recorded.every("ZeroTrustAccessPolicy") if each.name.endswith(f"-{what}")]
    return found.inputs


def test_applications_and_policies_are_named_after_their_hostname(deploy: Deploy) -> None:
    recorded = deployed(deploy, blog={**PEOPLE, "countries": ["DE"], "service_tokens": ["ci"]})
    assert recorded.names == {
        "ZeroTrustAccessServiceToken culvert-dev-ci",
        "ZeroTrustAccessPolicy culvert-dev-blog-programs",
        "ZeroTrustAccessPolicy culvert-dev-blog-elsewhere",
        "ZeroTrustAccessPolicy culvert-dev-blog-people",
        "ZeroTrustAccessApplication culvert-dev-blog",
    }
    assert {each.parent for each in recorded.resources} == {"culvert:index:Access"}


def test_an_allow_policy_includes_every_named_person(deploy: Deploy) -> None:
    assert policy(deployed(deploy, blog=PEOPLE), "people") == {
        "accountId": ACCOUNT,
        "name": "culvert-dev blog: people",
        "decision": "allow",
        "sessionDuration": "8h",
        "includes": [
            {"email": {"email": "ann@example.com"}},
            {"emailDomain": {"domain": "example.org"}},
            {"group": {"id": "a-group"}},
            {"loginMethod": {"id": "a-provider"}},
        ],
    }


def test_visitors_outside_the_listed_countries_are_denied_first(deploy: Deploy) -> None:
    recorded = deployed(deploy, blog={**PEOPLE, "countries": ["DE", "FR"]})
    assert policy(recorded, "elsewhere") == {
        "accountId": ACCOUNT,
        "name": "culvert-dev blog: elsewhere",
        "decision": "deny",
        "includes": [{"everyone": {}}],
        "excludes": [{"geo": {"countryCode": "DE"}}, {"geo": {"countryCode": "FR"}}],
    }
    assert "requires" not in policy(recorded, "people")
    places = {each["id"]: each["precedence"] for each in recorded.one("ZeroTrustAccessApplication").inputs["policies"]}
    assert places == {"culvert-dev-blog-elsewhere-id": 1, "culvert-dev-blog-people-id": 2}


def test_an_application_has_its_domains_and_existing_policies(deploy: Deploy) -> None:
    domains = ["blog.example.com/a", "blog.example.com/b"]
    application = deployed(deploy, blog={**PEOPLE, "domains": domains}).one("ZeroTrustAccessApplication")
    assert application.inputs == {
        "accountId": ACCOUNT,
        "name": "culvert-dev blog",
        "type": "self_hosted",
        "domain": domains[0],
        "destinations": [{"type": "public", "uri": domain} for domain in domains],
        "sessionDuration": "8h",
        "policies": [{"id": "culvert-dev-blog-people-id", "precedence": 1}],
    }
    assert "ZeroTrustAccessPolicy culvert-dev-blog-people" in application.dependencies


def test_a_public_path_bypasses_access(deploy: Deploy) -> None:
    recorded = deployed(deploy, blog={"domains": ["blog.example.com/hook"], "public": True})
    assert len(recorded.every("ZeroTrustAccessPolicy")) == 1
    assert policy(recorded, "everybody")["decision"] == "bypass"
    assert policy(recorded, "everybody")["includes"] == [{"everyone": {}}]


def test_a_service_token_is_created_once_for_all_applications_that_name_it(deploy: Deploy) -> None:
    program: AccessApplicationArgs = {
        "domains": ["x.example.com"],
        "service_tokens": ["ci"],
        "countries": ["DE"],
        "session_duration": "8h",
    }
    recorded = deployed(deploy, one=program, two=program)
    token = recorded.one("ZeroTrustAccessServiceToken")
    assert token.inputs == {"accountId": ACCOUNT, "name": "culvert-dev-ci"}
    for found in recorded.every("ZeroTrustAccessPolicy"):
        assert found.inputs["decision"] == "non_identity"
        assert found.inputs["sessionDuration"] == "8h"
        assert found.inputs["includes"] == [{"serviceToken": {"tokenId": "culvert-dev-ci-id"}}]


def test_a_service_token_is_a_secret_output(deploy: Deploy) -> None:
    recorded = deployed(deploy, blog={**PEOPLE, "service_tokens": ["ci"]})
    outputs = recorded.outputs["culvert:index:Access"]
    assert outputs["service_tokens"] == {"ci": {"clientId": "id.access", "clientSecret": CLIENT_SECRET}}
    assert outputs["audiences"] == {"blog": AUDIENCE}
    assert CLIENT_SECRET not in recorded.shown
    assert "id.access" not in recorded.shown


@pytest.mark.parametrize("changes", [{"emails": []}, {"countries": []}, {"service_tokens": []}])
def test_empty_lists_are_not_sent(deploy: Deploy, changes: dict[str, Any]) -> None:
    recorded = deployed(deploy, blog={**PEOPLE, **changes})  # pyright: ignore[reportArgumentType]
    assert "[]" not in recorded.shown
    assert '""' not in recorded.shown
