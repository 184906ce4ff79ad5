"""Cloudflare Access for a route: who gets through, and for how long."""

import re
from typing import Annotated, TypeVar

from pydantic import AfterValidator, model_validator

from settings import references
from settings.errors import reject, repeated
from settings.options.countries import COUNTRIES
from settings.schema import Accepts, Example, Options
from settings.types.cloudflare import AccessId
from settings.types.dns import LABEL, domain_name
from settings.types.email import LOCAL_PART, bare_address

MAX_SESSION_MINUTES = 730 * 60
SIGNING_KEY_ADDRESSES = (
    "104.19.194.29/32",
    "104.19.195.29/32",
    "2606:4700:300a::6813:c31d/128",
    "2606:4700:300a::6813:c21d/128",
)
"""Addresses of a team's site, on port 443. A connector that verifies JWTs fetches the team's signing keys there:
https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/tunnel-with-firewall/."""
Value = TypeVar("Value")


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if local == "*":
        reject("is not an e-mail address", f"emailDomains: [{domain}] for every address of the domain")
    if not at or not re.fullmatch(LOCAL_PART, local):
        reject("is not an e-mail address", bare_address(text))
    return f"{local.lower()}@{domain_name(domain)}"


def _email_domain(text: str) -> str:
    if "@" in text:
        reject("must be a domain alone, without @", text.rpartition("@")[2] or None)
    return domain_name(text)


def _service_token_name(text: str) -> str:
    if not LABEL.fullmatch(text):
        reject("is not a valid name of a service token")
    return text


def _country(text: str) -> str:
    # XX and T1 stand for requests without a country.
    if text.upper() in COUNTRIES and text != text.upper():
        reject("is not in capital letters", text.upper())
    if text not in COUNTRIES - {"XX", "T1"}:
        reject("is not a country code" + (" (the code of the United Kingdom is GB)" if text == "UK" else ""))
    return text


def _session_duration(text: str) -> str:
    # Cloudflare's API takes Go's longer form too.
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mh])", text)
    longer = re.fullmatch(r"([1-9][0-9]{0,5}[mh])(?:0m)?0s", text)
    if longer:
        reject("is not a valid session duration", longer[1])
    if not match or int(match[1]) * (60 if match[2] == "h" else 1) > MAX_SESSION_MINUTES:
        reject("is not a valid session duration")
    return text


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    if duplicates := repeated(values):
        reject(f"must have each value once; repeated: {', '.join(duplicates)}", "each value once")
    return values


Unique = Annotated[tuple[Value, ...], AfterValidator(_unique)]
Email = Annotated[
    str, AfterValidator(_email), Accepts("an e-mail address such as ann@example.com", references.CLOUDFLARE_ACCESS)
]
EmailDomain = Annotated[
    str,
    AfterValidator(_email_domain),
    Accepts("the domain after the @ of an address, such as example.com", references.CLOUDFLARE_ACCESS),
]
Country = Annotated[
    str,
    AfterValidator(_country),
    Accepts("a country code of two capital letters, such as DE", references.CLOUDFLARE_COUNTRIES),
]
ServiceTokenName = Annotated[
    str,
    AfterValidator(_service_token_name),
    Accepts(
        "a name of at most 63 lower-case letters, digits and hyphens, such as ci", references.CLOUDFLARE_SERVICE_TOKENS
    ),
]
SessionDuration = Annotated[
    str,
    AfterValidator(_session_duration),
    Accepts("minutes or hours from 1m to 730h, such as 30m or 24h", references.CLOUDFLARE_SESSIONS),
]


class PeopleOptions(Options):
    """Users who get through once they have logged in. Matching any one of these is enough."""

    SOURCE = references.CLOUDFLARE_ACCESS

    emails: Annotated[Unique[Email], Example(["ann@example.com"])] = ()
    """Users by their e-mail address."""
    email_domains: Annotated[Unique[EmailDomain], Example(["example.com"])] = ()
    """Users with an e-mail address in these domains."""
    groups: Annotated[Unique[AccessId], Example(["6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11"])] = ()
    """Members of these rule groups of the account, by id."""
    identity_providers: Annotated[Unique[AccessId], Example(["0b9bca4f-7d0f-4c35-8f0e-3b6a1f2f9c55"])] = ()
    """Users who log in with these identity providers of the account, by id. The one-time PIN admits every user with an
    e-mail address."""


class AccessOptions(Options):
    """Who gets through; every other request meets a login page or is rejected."""

    SOURCE = references.CLOUDFLARE_ACCESS

    allow: Annotated[PeopleOptions, Example({"emailDomains": ["example.com"]})] = PeopleOptions.defaults()
    """Users who get through after logging in."""
    countries: Annotated[Unique[Country], Example(["DE", "FR"])] = ()
    """Countries that users may come from, by the address of each request. Omitted, from anywhere. Requests with a
    service token are accepted from anywhere."""
    service_tokens: Annotated[Unique[ServiceTokenName], Example(["ci"])] = ()
    """Names of service tokens with which programs get through without a login. The stack creates each token once, for
    all routes that name it; the output `serviceTokens` has its id and secret."""
    session_duration: SessionDuration = "24h"
    """How long a login lasts."""

    @model_validator(mode="after")
    def _require_an_identity(self) -> "AccessOptions":
        people = self.allow
        if not (
            people.emails or people.email_domains or people.groups or people.identity_providers or self.service_tokens
        ):
            reject("lets no request through", "a user under allow, or a name under serviceTokens")
        return self
