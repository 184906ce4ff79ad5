"""Who may pass: Access policies, applications and service tokens.

Source: the schemas and models of terraform-provider-cloudflare v5.22, and the recordings of the official plugin for the
plural names that the bridge makes up (`ingresses`, `audTags`).
What is nested deeper is left open: it is sent in snake_case.
"""

from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, REQUIRED, Field
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
    Kind,
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
INCLUDES = Field("list", EITHER, api="include", fields=RULE_FIELDS)

ACCESS_POLICY = Kind(
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
        "sessionDuration": Field(mode=EITHER, default="24h"),
        **RULES,
        "includes": INCLUDES,
    },
    ACCOUNTS,
    quiet=True,
)

ACCESS_APPLICATION = Kind(
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
        "domain": Field(mode=EITHER),
        "name": Field(mode=EITHER, keep=True),
        "type": Field(mode=EITHER),
        "appLauncherVisible": Field("flag", EITHER, default=True),
        "httpOnlyCookieAttribute": Field("flag", EITHER, default=True),
        "sessionDuration": Field(mode=EITHER, default="24h"),
        "skipAppLauncherLoginPage": Field("flag", EITHER),
        "selfHostedDomains": Field("list", EITHER),
        "destinations": Field("list", EITHER),
        "policies": Field(
            "list",
            fields={
                "id": TEXT,
                "precedence": Field("number", EITHER),
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
    quiet=True,
)

ACCESS_SERVICE_TOKEN = Kind(
    "access/service_tokens",
    {
        "id": ID,
        **SCOPED,
        "name": NAME,
        "previousClientSecretExpiresAt": Field(refresh=False),
        "clientSecretVersion": Field("number", EITHER, default=1, refresh=False),
        "duration": Field(mode=EITHER, default="8760h"),
        "clientId": Field(mode=COMPUTED, keep=True),
        "clientSecret": Field(mode=COMPUTED, keep=True, refresh=False, secret=True),
        "expiresAt": TIME,
    },
    {**ACCOUNTS, **ZONES},
)
