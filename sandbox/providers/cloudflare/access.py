"""Resource types of Access: policies, applications and service tokens.

Source: the schemas and models of terraform-provider-cloudflare v5.22, and the recordings of the official plugin for the
plural names of the bridge (`ingresses`, `audTags`).
Deeper objects are not described: their keys are sent in snake_case.
"""

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, REQUIRED, Field
from sandbox.providers.cloudflare.resource_type import (
    ACCOUNT,
    ACCOUNTS,
    FLAG,
    ID,
    LIST,
    NAME,
    OBJECT,
    SCOPED,
    TEXT,
    TIME,
    ZONES,
    ResourceType,
)

RULE_FIELDS = {
    **dict.fromkeys(
        [
            "group",
            "anyValidServiceToken",
            "authContext",
            "authMethod",
            "certificate",
            "commonName",
            "geo",
            "devicePosture",
            "emailDomain",
            "emailList",
            "email",
            "everyone",
            "externalEvaluation",
            "gsuite",
            "loginMethod",
            "ipList",
            "ip",
            "okta",
            "saml",
            "oidc",
            "serviceToken",
            "linkedAppToken",
            "cloudflareAccountMember",
        ],
        OBJECT,
    ),
    "azureAd": Field("object", api="azureAD"),
    "githubOrganization": Field("object", api="github-organization"),
    "userRiskScore": Field("object", fields={"userRiskScores": Field("list", REQUIRED, api="user_risk_score")}),
}
RULES = {f"{name}s": Field("list", api=name, fields=RULE_FIELDS) for name in ("exclude", "require")}
INCLUDES = Field("list", OPTIONAL_COMPUTED, api="include", fields=RULE_FIELDS)

ACCESS_POLICY = ResourceType(
    "access/policies",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "decision": Field(mode=REQUIRED, one_of=("allow", "deny", "non_identity", "bypass")),
        "name": NAME,
        "approvalRequired": FLAG,
        "isolationRequired": FLAG,
        "purposeJustificationPrompt": TEXT,
        "purposeJustificationRequired": FLAG,
        "approvalGroups": LIST,
        "connectionRules": OBJECT,
        "mfaConfig": OBJECT,
        "sessionDuration": Field(mode=OPTIONAL_COMPUTED, default="24h"),
        **RULES,
        "includes": INCLUDES,
    },
    ACCOUNTS,
    ignore_unset=True,
)

ACCESS_APPLICATION = ResourceType(
    "access/apps",
    {
        "id": ID,
        **SCOPED,
        **dict.fromkeys(
            [
                "allowAuthenticateViaWarp",
                "allowIframe",
                "optionsPreflightBypass",
                "skipInterstitial",
                "autoRedirectToIdentity",
                "enableBindingCookie",
                "pathCookieAttribute",
            ],
            FLAG,
        ),
        **dict.fromkeys(
            [
                "appLauncherLogoUrl",
                "bgColor",
                "customDenyMessage",
                "customDenyUrl",
                "customNonIdentityDenyUrl",
                "headerBgColor",
                "logoUrl",
                "readServiceTokensFromHeader",
                "sameSiteCookieAttribute",
            ],
            TEXT,
        ),
        **dict.fromkeys(["allowedIdps", "customPages", "footerLinks", "tags"], LIST),
        **dict.fromkeys(
            ["corsHeaders", "oauthConfiguration", "scimConfig", "landingPageDesign", "mfaConfig", "saasApp"], OBJECT
        ),
        "serviceAuth401Redirect": Field("flag", api="service_auth_401_redirect"),
        "targetCriterias": Field("list", api="target_criteria"),
        "domain": Field(mode=OPTIONAL_COMPUTED),
        "name": Field(mode=OPTIONAL_COMPUTED, keep=True),
        "type": Field(mode=OPTIONAL_COMPUTED),
        "appLauncherVisible": Field("flag", OPTIONAL_COMPUTED, default=True),
        "httpOnlyCookieAttribute": Field("flag", OPTIONAL_COMPUTED, default=True),
        "sessionDuration": Field(mode=OPTIONAL_COMPUTED, default="24h"),
        "skipAppLauncherLoginPage": Field("flag", OPTIONAL_COMPUTED),
        "selfHostedDomains": Field("list", OPTIONAL_COMPUTED),
        "destinations": Field("list", OPTIONAL_COMPUTED),
        "policies": Field(
            "list",
            fields={
                "id": TEXT,
                "precedence": Field("number", OPTIONAL_COMPUTED),
                "decision": TEXT,
                "name": TEXT,
                "includes": Field("list", api="include", fields=RULE_FIELDS),
                **RULES,
                "connectionRules": OBJECT,
                "mfaConfig": OBJECT,
            },
        ),
        "aud": Field(mode=COMPUTED, keep=True),
    },
    {**ACCOUNTS, **ZONES},
    ignore_unset=True,
)

ACCESS_SERVICE_TOKEN = ResourceType(
    "access/service_tokens",
    {
        "id": ID,
        **SCOPED,
        "name": NAME,
        "previousClientSecretExpiresAt": Field(refresh=False),
        "clientSecretVersion": Field("number", OPTIONAL_COMPUTED, default=1, refresh=False),
        "duration": Field(mode=OPTIONAL_COMPUTED, default="8760h"),
        "clientId": Field(mode=COMPUTED, keep=True),
        "clientSecret": Field(mode=COMPUTED, keep=True, refresh=False, secret=True),
        "expiresAt": TIME,
    },
    {**ACCOUNTS, **ZONES},
)
