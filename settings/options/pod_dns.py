"""DNS of the connector's pods: more name servers, and fixed addresses of names."""

import re
from ipaddress import ip_address
from typing import Annotated

from annotated_types import MaxLen, MinLen
from pydantic import AfterValidator, BeforeValidator, StrictStr, field_validator

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Example, Options
from settings.types.dns import LABEL, domain_name

_SEARCH_LABEL = "_?[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
_SEARCH_DOMAIN = re.compile(rf"{_SEARCH_LABEL}(\.{_SEARCH_LABEL})*")
MAX_SEARCHES_LENGTH = 2048
"""Characters of all search domains together."""


def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        reject("is not an IP address")
    # Kubernetes rejects these notations in new objects; what is compared later has one spelling.
    return str(getattr(address, "ipv4_mapped", None) or address)


def _search_domain(text: str) -> str:
    if text != "." and (len(text) > 253 or not _SEARCH_DOMAIN.fullmatch(text.removesuffix("."))):
        reject("is not a DNS domain in lower case")
    return text


def _alias(text: str) -> str:
    if LABEL.fullmatch(text):
        return text
    return domain_name(text)


Address = Annotated[str, AfterValidator(_address), Accepts("an IP address", references.IP_ADDRESSES, ("192.168.1.1",))]
SearchDomain = Annotated[
    str, AfterValidator(_search_domain), Accepts("a DNS domain", references.KUBERNETES_POD_DNS, ("home.example.net",))
]
AliasName = Annotated[str, AfterValidator(_alias), Accepts("a DNS name", references.DNS_NAMES, ("nas.home.arpa",))]


class DnsOption(Options):
    """An option of the pods' resolver."""

    SOURCE = references.KUBERNETES_POD_DNS

    name: Annotated[StrictStr, MinLen(1), Accepts("the name of a resolver option", examples=("ndots", "timeout"))]
    """Name of the option, as in resolv.conf(5)."""
    value: Annotated[
        str | None,
        BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
        Accepts("a string", examples=("2",)),
    ] = None
    """Value of the option, if it takes one."""


class DnsConfigOptions(Options):
    """Additions to the resolver of the connector's pods, which asks the cluster's DNS first."""

    SOURCE = references.KUBERNETES_POD_DNS

    nameservers: Annotated[tuple[Address, ...], MaxLen(3), Example(["192.168.1.1"])] = ()
    """Name servers besides the cluster's. The network policy allows each on port 53."""
    searches: Annotated[tuple[SearchDomain, ...], MaxLen(32), Example(["home.example.net"])] = ()
    """Domains in which short names are looked up."""
    options: Annotated[
        tuple[DnsOption, ...], Accepts("a list of {name, value}", examples=([{"name": "ndots", "value": "2"}],))
    ] = ()
    """Options of the resolver."""

    @field_validator("searches")
    @classmethod
    def _short_enough(cls, searches: tuple[str, ...]) -> tuple[str, ...]:
        if len(" ".join(searches)) > MAX_SEARCHES_LENGTH:
            reject(f"must have at most {MAX_SEARCHES_LENGTH} characters together")
        return searches


class HostAlias(Options):
    """Names that the connector's pods resolve to a fixed address."""

    SOURCE = references.KUBERNETES_HOST_ALIASES

    ip: Address
    """The address. The network policy allows it on the ports of the routes that name one of the hostnames."""
    hostnames: Annotated[tuple[AliasName, ...], MinLen(1), Example(["nas.home.arpa"])]
    """The names."""
