"""Reusable Access policies: who may reach an application.

Sources: cloudflare-docs (cloudflare-one/access-controls/policies); an "Allow" policy accepts no service token. Messages
behind invalid_request that no report shows, and the refusal to delete a policy in use, are guesses.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.request_body import Duration, Text
from sandbox.cloudflare.responses import ApiError
from sandbox.cloudflare.store import Store

INVALID = (12130, "access.api.error.invalid_request: {why}")
"""With 400, for all Access resources."""
PERMISSION = "Access: Apps and Policies"
UNKNOWN_POLICY = (12003, "access.api.error.unknown_policy")

IDENTITY = {
    **{"email": "email", "email_domain": "domain", "email_list": "id", "login_method": "id", "group": "id"},
    **{"azureAD": "", "github-organization": "", "gsuite": "", "okta": "", "saml": "", "oidc": "", "auth_method": ""},
    **{"auth_context": "", "external_evaluation": "", "cloudflare_account_member": "", "user_risk_score": ""},
}
"""Selectors that need a user's identity, each with the field it requires."""
CREDENTIALS = {"service_token": "token_id", "any_valid_service_token": "", "linked_app_token": ""}
"""Selectors that need the action Service Auth (`non_identity`)."""
OTHERS = {"everyone": "", "geo": "country_code", "ip": "ip", "ip_list": "id", "device_posture": "integration_uid"}
OTHERS |= {"certificate": "", "common_name": "common_name"}


class Policy(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: Text
    decision: Literal["allow", "deny", "non_identity", "bypass"]
    include: Annotated[list[Body], Field(min_length=1)]
    exclude: list[Body] | None = None
    require: list[Body] | None = None
    session_duration: Duration | None = None
    precedence: int | None = None
    approval_required: bool | None = None
    isolation_required: bool | None = None
    purpose_justification_required: bool | None = None
    purpose_justification_prompt: str | None = None
    approval_groups: list[Body] | None = None
    connection_rules: Body | None = None
    mfa_config: Body | None = None


class Policies(crud.Resource):
    kind = "policies"
    path = "/accounts/{account}/access/policies"
    permission = PERMISSION
    model = Policy
    missing = UNKNOWN_POLICY
    malformed = INVALID
    filters = ("name",)
    defaults = {
        **{"include": [], "exclude": [], "require": []},
        **{"session_duration": "24h", "reusable": True, "app_count": 0},
    }

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:  # noqa: ARG002 - a hook
        for part in ("include", "exclude", "require"):
            for rule in fields.get(part) or []:
                _check_rule(store, scope, rule, fields["decision"])
        return fields

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:  # noqa: ARG002 - a hook
        for application in store.bodies("apps", scope):
            if any(policy.get("id") == stored["id"] for policy in application["policies"]):
                raise invalid("policy is in use", hint=f"by the application {application.get('name')}")


router = crud.router(Policies())


def _check_rule(store: Store, account: str, rule: Body, decision: str) -> None:
    if len(rule) != 1:
        raise invalid("a rule has exactly one selector")
    ((selector, value),) = rule.items()
    fields = {**IDENTITY, **CREDENTIALS, **OTHERS}
    if selector not in fields or not isinstance(value, dict):
        raise invalid(f"unknown selector {selector}")
    field = fields[selector]
    if field and not (isinstance(value.get(field), str) and value[field]):
        raise invalid(f"{selector} needs {field}")
    if selector in CREDENTIALS and decision in ("allow", "bypass"):
        raise invalid(f"{selector} needs the decision non_identity")
    if selector in IDENTITY and decision in ("non_identity", "bypass"):
        raise invalid(f"{selector} cannot be asked for with the decision {decision}")
    if selector == "service_token" and not store.has("service_tokens", account, value["token_id"]):
        raise invalid("no such service token")


def invalid(why: str, hint: str = "") -> ApiError:
    code, message = INVALID
    return ApiError(400, code, message.format(why=why), hint=hint)
