"""The settings of one stack: the closed model, and what follows from it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ModelWrapValidatorHandler, field_validator, model_validator

from settings import names, rules, sources, zones
from settings.connector import ConnectorOptions
from settings.destinations import Destination, destinations
from settings.fields import Options, setting
from settings.mistakes import refuse
from settings.routes import Route
from settings.surroundings import (
    SAMPLE_SITE_PORT,
    SAMPLE_SITE_TARGET_PORT,
    NamespaceOptions,
    NetworkPolicyOptions,
    SampleSiteOptions,
)

ID = "32 hex digits, in quotes"


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _switched(value: Any) -> Any:
    return ({} if value else None) if isinstance(value, bool) else value


def _hex_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text.lower()):
        refuse("it is no id of Cloudflare's", ID, sources.CLOUDFLARE_IDS)
    return text.lower()


class Settings(Options):
    """One tunnel: the account and zones, the routes, and how the connector runs. Building one raises SettingsError with every mistake."""

    account_id: str = setting(
        "Id of the Cloudflare account.", ID, sources.CLOUDFLARE_IDS, examples=["0123456789abcdef0123456789abcdef"]
    )
    zones: dict[str, str | None] = setting(
        "The zones that the hostnames are in, each with its id; with an empty value the id is looked up by name.",
        "one or more zone names, each with its id or nothing",
        sources.CLOUDFLARE_IDS,
        examples=[{"example.com": "89abcdef0123456789abcdef01234567", "example.org": None}],
        min_length=1,
    )
    namespace: Annotated[
        NamespaceOptions | None, BeforeValidator(_named, json_schema_input_type=NamespaceOptions | str | None)
    ] = setting(
        "The namespace that holds the connector: a name, or an object. Named after project and stack when left out.",
        "the name of a namespace, or {name, create, labels}",
        sources.KUBERNETES_NAMESPACES,
        examples=["blog", {"name": "blog", "create": False}],
        default=None,
    )
    routes: tuple[Route, ...] = setting(
        "Which requests go to which Service. The first one's hostname is the stack's publicHostname.",
        "one or more routes",
        sources.CONNECTOR_RULES,
        examples=[[{"hostname": "blog.example.com", "service": "http://blog"}]],
        min_length=1,
    )
    connector: ConnectorOptions = setting(
        "How the connector runs.",
        "an object",
        sources.CLOUDFLARE_PARAMETERS,
        examples=[{"replicas": 3}],
        default=ConnectorOptions(),
    )
    network_policy: NetworkPolicyOptions = setting(
        "What the connector's pods may reach.",
        "an object",
        sources.KUBERNETES_POLICIES,
        examples=[{"preset": "strict"}],
        default=NetworkPolicyOptions(),
    )
    sample_site: Annotated[
        SampleSiteOptions | None, BeforeValidator(_switched, json_schema_input_type=SampleSiteOptions | bool | None)
    ] = setting(
        "Whether to run a small site to try the tunnel with.",
        "true, false, or {name, image}",
        sources.KUBERNETES_SERVICES,
        examples=[True, {"name": "blog"}],
        default=None,
    )

    @field_validator("account_id")
    @classmethod
    def _account(cls, text: str) -> str:
        return _hex_id(text)

    @field_validator("zones")
    @classmethod
    def _zones(cls, values: dict[str, str | None]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name, identity in values.items():
            zone = names.domain_name(name, "the name of a zone, such as example.com")
            if zone in found:
                refuse(f"{zone} stands there twice", "each zone once", sources.CLOUDFLARE_ZONES)
            found[zone] = _hex_id(identity) if identity else None
        return found

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler["Settings"]) -> "Settings":
        from settings.checks import check

        return check(cls, data, handler)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Settings":
        """Settings from their camelCase keys, without the `culvert:` before them. Raises SettingsError with all mistakes."""
        return cls.model_validate(dict(values))

    @classmethod
    def load(cls) -> "Settings":
        """The settings of the stack the engine runs: the only reader of Pulumi's configuration."""
        from settings.stack import running

        return cls.parse(running())

    @classmethod
    def from_stack_file(cls, path: Path) -> "Settings":
        """The settings in a `Pulumi.<stack>.yaml`, without the engine."""
        from settings.stack import written

        return cls.parse(written(path))

    def ingress_rules(self, namespace: str) -> list[dict[str, Any]]:
        """The connector's rules, sorted and spelled out for the stack's namespace, with the catch-all last."""
        return rules.ingress_rules(self.routes, namespace)

    def hostnames(self) -> dict[str, str]:
        """Each hostname and the zone it is in, in the order declared."""
        return {route.hostname: zones.zone_of(route.hostname, self.zones) or "" for route in self.routes}

    def urls(self) -> list[str]:
        """The addresses to open, in the order declared."""
        return list(
            dict.fromkeys(f"https://{route.hostname}{route.path.shown if route.path else ''}" for route in self.routes)
        )

    def destinations(self, namespace: str) -> tuple[Destination, ...]:
        """What the connector must reach besides Cloudflare and cluster DNS, each once."""
        site = self.sample_site
        known = {(site.name, SAMPLE_SITE_PORT): SAMPLE_SITE_TARGET_PORT} if site else {}
        return destinations(self.routes, namespace, known)
