"""Who may pass before a route: Cloudflare Access in front of it."""

import re
from typing import Annotated

from pydantic import AfterValidator, model_validator

from settings import references, types
from settings.errors import reject
from settings.options.countries import COUNTRIES
from settings.schema import Options, setting

COUNTRY = "a country's code of two capital letters, such as DE"
EMAIL = "an e-mail address such as ann@example.com"
DOMAIN = "what stands behind the @ of an address, such as example.com"
ID = "the id that Cloudflare gave it, such as 6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11"
TOKEN = "a name of at most 63 lower-case letters, digits and hyphens, such as ci"  # noqa: S105 - a description
SESSION = "minutes or hours from 1m to 730h, such as 30m or 24h"
SOMEBODY = "somebody under allow, or a name under serviceTokens"
KEYS = ("104.19.194.29/32", "104.19.195.29/32", "2606:4700:300a::6813:c31d/128", "2606:4700:300a::6813:c21d/128")
"""Where a team's site is, on port 443; a connector that checks tickets fetches its keys there:
https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/tunnel-with-firewall/."""
TEAM = "the name before .cloudflareaccess.com, such as acme"


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not re.fullmatch(r"[^\s@,;<>\"()]{1,64}", local):
        reject("it is no e-mail address", EMAIL, references.CLOUDFLARE_ACCESS)
    return f"{local.lower()}@{types.domain_name(domain, EMAIL)}"


def _email_domain(text: str) -> str:
    if "@" in text:
        reject("it is more than a domain", DOMAIN, references.CLOUDFLARE_ACCESS)
    return types.domain_name(text, DOMAIN)


def _id(text: str) -> str:
    if not types.is_uuid(text.lower()):
        reject("it is no id of Cloudflare Access", ID, references.CLOUDFLARE_ACCESS_IDS)
    return text.lower()


def _token(text: str) -> str:
    if not types.LABEL.fullmatch(text):
        reject("it is no name for a service token", TOKEN, references.CLOUDFLARE_SERVICE_TOKENS)
    return text


def _country(text: str) -> str:
    # XX and T1 are no places.
    if text not in COUNTRIES - {"XX", "T1"}:
        why = "its code is GB" if text == "UK" else "it is no country's code"
        reject(why, COUNTRY, references.CLOUDFLARE_COUNTRIES)
    return text


def _session(text: str) -> str:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mh])", text)
    if not match or int(match[1]) * (60 if match[2] == "h" else 1) > 730 * 60:
        reject("a session lasts no such time", SESSION, references.CLOUDFLARE_SESSIONS)
    return text


def team(text: str) -> str:
    """The name of a Zero Trust organisation's team, in lower case."""
    if not types.LABEL.fullmatch(text.lower()):
        reject("it is no name of a team", TEAM, references.CLOUDFLARE_TEAM)
    return text.lower()


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [value for value in dict.fromkeys(values) if values.count(value) > 1]:
        reject(f"{', '.join(twice)} is there more than once", "each of them once", references.CLOUDFLARE_ACCESS)
    return values


Emails = Annotated[tuple[Annotated[str, AfterValidator(_email)], ...], AfterValidator(_once)]
EmailDomains = Annotated[tuple[Annotated[str, AfterValidator(_email_domain)], ...], AfterValidator(_once)]
Ids = Annotated[tuple[Annotated[str, AfterValidator(_id)], ...], AfterValidator(_once)]
Countries = Annotated[tuple[Annotated[str, AfterValidator(_country)], ...], AfterValidator(_once)]
Tokens = Annotated[tuple[Annotated[str, AfterValidator(_token)], ...], AfterValidator(_once)]


class PeopleOptions(Options):
    """People who may pass once they have logged in. To be any one of these is enough."""

    emails: Emails = setting(
        "People by their e-mail address.",
        f"a list, each {EMAIL}, once",
        references.CLOUDFLARE_ACCESS,
        examples=[["ann@example.com"]],
        default=(),
    )
    email_domains: EmailDomains = setting(
        "Everybody with an address of these domains.",
        f"a list, each {DOMAIN}, once",
        references.CLOUDFLARE_ACCESS,
        examples=[["example.com"]],
        default=(),
    )
    groups: Ids = setting(
        "Members of these rule groups of the account.",
        f"a list of rule groups, each by {ID}, once",
        references.CLOUDFLARE_ACCESS_IDS,
        examples=[["6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11"]],
        default=(),
    )
    identity_providers: Ids = setting(
        "Everybody who logs in with these identity providers of the account. With the one-time PIN that is everybody with "
        "an e-mail address.",
        f"a list of identity providers, each by {ID}, once",
        references.CLOUDFLARE_ACCESS_IDS,
        examples=[["0b9bca4f-7d0f-4c35-8f0e-3b6a1f2f9c55"]],
        default=(),
    )


class AccessOptions(Options):
    """Who may pass; everybody else meets a login page, or is refused."""

    allow: PeopleOptions = setting(
        "Who may pass after logging in.",
        "{emails, emailDomains, groups, identityProviders}",
        references.CLOUDFLARE_ACCESS,
        examples=[{"emailDomains": ["example.com"]}],
        default=PeopleOptions(),
    )
    countries: Countries = setting(
        "The countries that they may come from, by the address of each request. Left out, from anywhere. Service tokens pass "
        "from anywhere.",
        f"a list, each {COUNTRY}, once",
        references.CLOUDFLARE_COUNTRIES,
        examples=[["DE", "FR"]],
        default=(),
    )
    service_tokens: Tokens = setting(
        "Names of service tokens with which programs pass, without a login. The stack makes each, once for all routes that "
        "name it; the output `serviceTokens` has its id and its secret.",
        f"a list, each {TOKEN}, once",
        references.CLOUDFLARE_SERVICE_TOKENS,
        examples=[["ci"]],
        default=(),
    )
    session_duration: Annotated[str, AfterValidator(_session)] = setting(
        "How long a login lasts.", SESSION, references.CLOUDFLARE_SESSIONS, examples=["24h"], default="24h"
    )

    @model_validator(mode="after")
    def _somebody(self) -> "AccessOptions":
        people = self.allow
        if not (
            people.emails or people.email_domains or people.groups or people.identity_providers or self.service_tokens
        ):
            reject("nobody may pass", SOMEBODY, references.CLOUDFLARE_ACCESS)
        return self
