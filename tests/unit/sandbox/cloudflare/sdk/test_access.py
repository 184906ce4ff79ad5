"""Access: applications, policies, service tokens, identity providers and the organization."""

from typing import Any

import pytest
from cloudflare import BadRequestError, NotFoundError

from tests.support.emulator import ACCOUNT

HERE: dict[str, Any] = {"account_id": ACCOUNT}


def test_an_application_has_policies_of_people_and_of_programs(sdk: Any) -> None:
    access = sdk.zero_trust.access
    token = access.service_tokens.create(**HERE, name="ci", duration="8760h")
    people = access.policies.create(
        **HERE, name="team", decision="allow", include=[{"email_domain": {"domain": "example.com"}}]
    )
    programs = access.policies.create(
        **HERE, name="ci", decision="non_identity", include=[{"service_token": {"token_id": token.id}}]
    )
    assert [policy.name for policy in access.policies.list(**HERE)] == ["team", "ci"]
    changed = access.policies.update(
        people.id,
        **HERE,
        name="all",
        decision="allow",
        include=[{"everyone": {}}],
        require=[{"geo": {"country_code": "DE"}}],
    )
    assert changed.require[0].geo.country_code == "DE"
    assert access.policies.get(people.id, **HERE).name == "all"

    fields: dict[str, Any] = {"type": "self_hosted", "name": "wiki", "domain": "a.example.com"}
    made = access.applications.create(**HERE, **fields, policies=[{"id": people.id, "precedence": 1}, programs.id])
    assert [policy.name for policy in made.policies] == ["all", "ci"]
    assert [each.aud for each in access.applications.list(**HERE, name="wiki", domain="a.example.com")] == [made.aud]
    assert list(access.applications.list(**HERE, domain="b.example.com")) == []
    assert access.applications.update(made.id, **HERE, **{**fields, "name": "docs"}).name == "docs"
    assert access.applications.get(made.id, **HERE).aud == made.aud
    access.applications.delete(made.id, **HERE)
    access.policies.delete(programs.id, **HERE)
    access.policies.delete(people.id, **HERE)
    assert list(access.policies.list(**HERE)) == []


def test_a_service_token_is_rotated_and_refreshed(sdk: Any) -> None:
    tokens = sdk.zero_trust.access.service_tokens
    made = tokens.create(**HERE, name="ci")
    rotated = tokens.rotate(made.id, **HERE)
    assert rotated.client_id == made.client_id
    assert rotated.client_secret not in (None, made.client_secret)
    assert tokens.refresh(made.id, **HERE).expires_at
    read = tokens.get(made.id, **HERE)
    assert not hasattr(read, "client_secret")
    assert tokens.update(made.id, **HERE, name="robot").name == "robot"
    assert [token.name for token in tokens.list(**HERE)] == ["robot"]
    tokens.delete(made.id, **HERE)
    for call in (tokens.rotate, tokens.refresh, tokens.get):
        with pytest.raises(NotFoundError):
            call(made.id, **HERE)


def test_the_organization_is_created_once_and_changed(sdk: Any) -> None:
    organizations = sdk.zero_trust.organizations
    with pytest.raises(NotFoundError):
        organizations.list(**HERE)
    team = {"name": "Home", "auth_domain": "home.cloudflareaccess.com"}
    organizations.create(**HERE, **team)
    with pytest.raises(BadRequestError):
        organizations.create(**HERE, **team)
    changed = organizations.update(**HERE, session_duration="12h")
    assert changed
    assert (changed.name, changed.session_duration) == ("Home", "12h")
    read = organizations.list(**HERE)
    assert read
    assert (read.name, read.session_duration) == ("Home", "12h")
    with pytest.raises(BadRequestError):
        organizations.update(**HERE, auth_domain="login.example.com")


def test_an_identity_provider_shows_no_client_secret(sdk: Any) -> None:
    providers = sdk.zero_trust.identity_providers
    pin = providers.create(**HERE, name="PIN", type="onetimepin", config={})
    config = {"client_id": "culvert", "client_secret": "a-secret"}
    github = providers.create(**HERE, name="GitHub", type="github", config=config)
    assert github.config.client_secret == "*" * 34
    assert [provider.name for provider in providers.list(**HERE)] == ["PIN", "GitHub"]
    assert list(providers.list(**HERE, scim_enabled="true")) == []
    assert providers.update(pin.id, **HERE, name="Code", type="onetimepin", config={}).name == "Code"
    providers.delete(github.id, **HERE)
    with pytest.raises(NotFoundError):
        providers.get(github.id, **HERE)
    assert providers.get(pin.id, **HERE).type == "onetimepin"
