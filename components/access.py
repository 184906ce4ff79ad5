"""The login before a hostname: who may pass, as Cloudflare Access asks it."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare


class AccessApplicationArgs(TypedDict):
    domains: list[str]
    """What it stands before, `host` or `host/path` with all that lies below; at most five."""
    emails: NotRequired[list[str]]
    """People who may pass after logging in, by e-mail address. Any one of this and the next three is enough."""
    email_domains: NotRequired[list[str]]
    """Everybody with an address of these domains."""
    groups: NotRequired[list[str]]
    """Members of these rule groups, by id."""
    identity_providers: NotRequired[list[str]]
    """Everybody who logs in with these identity providers, by id."""
    countries: NotRequired[list[str]]
    """Two-letter codes of the countries they may come from; from anywhere by default."""
    service_tokens: NotRequired[list[str]]
    """Names of service tokens with which programs pass, from anywhere."""
    session_duration: NotRequired[str]
    """How long a login lasts, such as 24h (the default)."""
    public: NotRequired[bool]
    """Lets everybody pass, before a part of what another one applications; the rest but `domains` is not looked at then."""


class AccessArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Cloudflare account, 32 hex digits. Zero Trust must have been set up in it."""
    applications: dict[str, AccessApplicationArgs]
    """Applications by a name that stays when what they stand before changes: the hostname."""


class Access(pulumi.ComponentResource):
    """An Access application for each application.

    Creates for each a ZeroTrustAccessApplication and up to three reusable ZeroTrustAccessPolicy, and a
    ZeroTrustAccessServiceToken for each name among all service tokens. Policies come before the application that has them,
    so it lets nobody pass who may not. Records are to wait for this component: then no hostname is open for a moment.

    A service token is valid for a year. A new one in its place is made by `pulumi up --replace` of it, and the old one goes
    once the policies name the new.
    """

    audiences: pulumi.Output[dict[str, str]]
    """Guard → audience tag of its application: what a connector checks in the signed ticket of each request."""
    service_tokens: pulumi.Output[dict[str, dict[str, str]]]
    """Name of a service token → `{clientId, clientSecret}`, for the headers CF-Access-Client-Id and
    CF-Access-Client-Secret; secret."""

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Access", name, {}, opts)
        self._name, self._account = name, args["account_id"]
        applications = args["applications"]
        wanted = [token for application in applications.values() for token in application.get("service_tokens", [])]
        self.tokens = {
            token: cloudflare.ZeroTrustAccessServiceToken(
                f"{name}-{token}",
                account_id=self._account,
                name=f"{name}-{token}",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for token in dict.fromkeys(wanted)
        }
        self.audience_of = {
            application: self._application(application, applications[application]).aud for application in applications
        }
        # Outputs within are awaited with the whole, which the types of the two functions do not say.
        audiences: dict[str, Any] = {**self.audience_of}
        pairs: dict[str, Any] = {
            token: {"clientId": made.client_id, "clientSecret": made.client_secret}
            for token, made in self.tokens.items()
        }
        self.audiences = pulumi.Output.from_input(audiences)
        self.service_tokens = pulumi.Output.secret(pairs)
        self.register_outputs({"audiences": self.audiences, "service_tokens": self.service_tokens})

    def _application(self, application: str, args: AccessApplicationArgs) -> "cloudflare.ZeroTrustAccessApplication":
        policies = [self._policy(application, args, **policy) for policy in self._policies(args)]
        return cloudflare.ZeroTrustAccessApplication(
            f"{self._name}-{application}",
            account_id=self._account,
            name=f"{self._name} {application}",
            type="self_hosted",
            # Both: the API derives what is left out, and keeps it when that changes.
            domain=args["domains"][0],
            destinations=[{"type": "public", "uri": domain} for domain in args["domains"]],
            session_duration=args.get("session_duration"),
            policies=[{"id": policy.id, "precedence": place} for place, policy in enumerate(policies, start=1)],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _policies(self, args: AccessApplicationArgs) -> list[dict[str, Any]]:
        """The policies in their order; the first that speaks of somebody decides, programs' before people's."""
        if args.get("public"):
            return [{"what": "everybody", "decision": "bypass", "includes": [{"everyone": {}}]}]
        policies: list[dict[str, Any]] = []
        if programs := [
            {"service_token": {"token_id": self.tokens[each].id}} for each in args.get("service_tokens", [])
        ]:
            policies.append({"what": "programs", "decision": "non_identity", "includes": programs})
        people: list[dict[str, Any]] = [
            *({"email": {"email": each}} for each in args.get("emails", [])),
            *({"email_domain": {"domain": each}} for each in args.get("email_domains", [])),
            *({"group": {"id": each}} for each in args.get("groups", [])),
            *({"login_method": {"id": each}} for each in args.get("identity_providers", [])),
        ]
        if people and (countries := args.get("countries")):
            # What a policy requires must hold all at once, and nobody is in two countries: so the others are shut out.
            here = [{"geo": {"country_code": each}} for each in countries]
            policies.append({"what": "elsewhere", "decision": "deny", "includes": [{"everyone": {}}], "excludes": here})
        if people:
            policies.append({"what": "people", "decision": "allow", "includes": people})
        return policies

    def _policy(
        self, application: str, args: AccessApplicationArgs, what: str, decision: str, **rules: Any
    ) -> "cloudflare.ZeroTrustAccessPolicy":
        return cloudflare.ZeroTrustAccessPolicy(
            f"{self._name}-{application}-{what}",
            account_id=self._account,
            name=f"{self._name} {application}: {what}",
            decision=decision,
            # A policy has a session of its own, a day by default, which goes before the application's.
            session_duration=args.get("session_duration") if decision in ("allow", "non_identity") else None,
            **rules,
            opts=pulumi.ResourceOptions(parent=self),
        )
