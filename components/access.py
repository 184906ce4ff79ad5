"""Cloudflare Access for hostnames: an application per hostname, and its policies."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.argument_check import check_arguments


class AccessApplicationArgs(TypedDict):
    domains: list[str]
    """Domains that the application protects, `host` or `host/path` with everything below it; at most five."""
    emails: NotRequired[list[str]]
    """E-mail addresses that are allowed after login. A match in this list or one of the next three is enough."""
    email_domains: NotRequired[list[str]]
    """E-mail domains whose addresses are allowed."""
    groups: NotRequired[list[str]]
    """Ids of Access groups whose members are allowed."""
    identity_providers: NotRequired[list[str]]
    """Ids of identity providers whose users are allowed."""
    countries: NotRequired[list[str]]
    """Two-letter codes of the countries from which these users are allowed; any country by default."""
    service_tokens: NotRequired[list[str]]
    """Names of the service tokens that are allowed, from any country."""
    session_duration: NotRequired[str]
    """Lifetime of a session, such as `24h` (the default)."""
    public: NotRequired[bool]
    """Bypasses Access for these domains, which are part of another application's. All other fields are ignored then."""


class AccessArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Id of the Cloudflare account, 32 hex digits. Zero Trust must be set up in it."""
    applications: dict[str, AccessApplicationArgs]
    """Applications by name. The name stays the same when the domains change, so use the hostname."""


class Access(pulumi.ComponentResource):
    """Cloudflare Access applications with their policies and service tokens.

    Creates a ZeroTrustAccessApplication and up to three reusable ZeroTrustAccessPolicy per application, and a
    ZeroTrustAccessServiceToken per service token. Policies are created before their application, so an application
    never exists without them. Make DNS records depend on this component: no hostname is then public for a moment.

    A service token is valid for a year. `pulumi up --replace` of it creates a new one; the old one is deleted once the
    policies refer to the new one.
    """

    audiences: pulumi.Output[dict[str, str]]
    """Application → its audience tag, which a connector checks in the JWT of each request."""
    service_tokens: pulumi.Output[dict[str, dict[str, str]]]
    """Name of a service token → `{clientId, clientSecret}`, for the headers CF-Access-Client-Id and
    CF-Access-Client-Secret; secret."""

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, AccessArgs)
        super().__init__("culvert:index:Access", name, opts=opts)
        self._name, self._account = name, args["account_id"]
        applications = args["applications"]
        names = [token for application in applications.values() for token in application.get("service_tokens", [])]
        self.tokens = {
            token: cloudflare.ZeroTrustAccessServiceToken(
                f"{name}-{token}",
                account_id=self._account,
                name=f"{name}-{token}",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for token in dict.fromkeys(names)
        }
        self.audience_of = {
            application: self._application(application, applications[application]).aud for application in applications
        }
        # from_input and secret await nested Outputs, which their type annotations do not express.
        audiences: dict[str, Any] = {**self.audience_of}
        credentials: dict[str, Any] = {
            name: {"clientId": token.client_id, "clientSecret": token.client_secret}
            for name, token in self.tokens.items()
        }
        self.audiences = pulumi.Output.from_input(audiences)
        self.service_tokens = pulumi.Output.secret(credentials)
        self.register_outputs({"audiences": self.audiences, "service_tokens": self.service_tokens})

    def _application(self, application: str, args: AccessApplicationArgs) -> "cloudflare.ZeroTrustAccessApplication":
        policies = [self._policy(application, args, **policy) for policy in self._policies(args)]
        return cloudflare.ZeroTrustAccessApplication(
            f"{self._name}-{application}",
            account_id=self._account,
            name=f"{self._name} {application}",
            type="self_hosted",
            # Both: the API derives the one that is left out, and keeps it when the other changes.
            domain=args["domains"][0],
            destinations=[{"type": "public", "uri": domain} for domain in args["domains"]],
            session_duration=args.get("session_duration"),
            policies=[{"id": policy.id, "precedence": order} for order, policy in enumerate(policies, start=1)],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _policies(self, args: AccessApplicationArgs) -> list[dict[str, Any]]:
        """The policies in order of precedence: the first match decides, service tokens before users."""
        if args.get("public"):
            return [{"suffix": "everybody", "decision": "bypass", "includes": [{"everyone": {}}]}]
        policies: list[dict[str, Any]] = []
        if tokens := [{"service_token": {"token_id": self.tokens[each].id}} for each in args.get("service_tokens", [])]:
            policies.append({"suffix": "programs", "decision": "non_identity", "includes": tokens})
        users: list[dict[str, Any]] = [
            *({"email": {"email": each}} for each in args.get("emails", [])),
            *({"email_domain": {"domain": each}} for each in args.get("email_domains", [])),
            *({"group": {"id": each}} for each in args.get("groups", [])),
            *({"login_method": {"id": each}} for each in args.get("identity_providers", [])),
        ]
        if users and (countries := args.get("countries")):
            # All `requires` of a policy must match, and no request comes from two countries: so deny all other
            # countries.
            here = [{"geo": {"country_code": each}} for each in countries]
            everyone = [{"everyone": {}}]
            policies.append({"suffix": "elsewhere", "decision": "deny", "includes": everyone, "excludes": here})
        if users:
            policies.append({"suffix": "people", "decision": "allow", "includes": users})
        return policies

    def _policy(
        self, application: str, args: AccessApplicationArgs, suffix: str, decision: str, **rules: Any
    ) -> "cloudflare.ZeroTrustAccessPolicy":
        return cloudflare.ZeroTrustAccessPolicy(
            f"{self._name}-{application}-{suffix}",
            account_id=self._account,
            name=f"{self._name} {application}: {suffix}",
            decision=decision,
            # A policy has a session duration of its own, a day by default, which overrides the application's.
            session_duration=args.get("session_duration") if decision in ("allow", "non_identity") else None,
            **rules,
            opts=pulumi.ResourceOptions(parent=self),
        )
