"""The resources around a tunnel: who may pass (Access), and who is told when it is down (notifications).

Source: as in `resources`.
"""

from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, REQUIRED, Field
from sandbox.providers.cloudflare.resources import (
    ACCOUNT,
    ACCOUNTS,
    EITHER_SCOPE,
    FLAG,
    ID,
    LIST,
    NAME,
    OBJECT,
    SCOPED,
    TEXT,
    TIME,
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
    EITHER_SCOPE,
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
    EITHER_SCOPE,
)

# The bridge makes plurals of the API's names; the others of a notification's filters are called the same in both.
PLURALS = {
    "airportCodes": "airport_code",
    "alertTriggerPreferencesValues": "alert_trigger_preferences_value",
    "enableds": "enabled",
    "environments": "environment",
    "eventSources": "event_source",
    "eventTypes": "event_type",
    "events": "event",
    "groupBies": "group_by",
    "healthCheckIds": "health_check_id",
    "incidentImpacts": "incident_impact",
    "inputIds": "input_id",
    "insightClasses": "insight_class",
    "limits": "limit",
    "logoTags": "logo_tag",
    "megabitsPerSeconds": "megabits_per_second",
    "newHealths": "new_health",
    "newStatuses": "new_status",
    "packetsPerSeconds": "packets_per_second",
    "poolIds": "pool_id",
    "products": "product",
    "projectIds": "project_id",
    "protocols": "protocol",
    "queryTags": "query_tag",
    "requestsPerSeconds": "requests_per_second",
    "slos": "slo",
    "statuses": "status",
    "targetHostnames": "target_hostname",
    "targetIps": "target_ip",
    "targetZoneNames": "target_zone_name",
    "tunnelIds": "tunnel_id",
    "tunnelNames": "tunnel_name",
    "types": "type",
    "wheres": "where",
}
FILTERS = {
    **dict.fromkeys(
        [
            "actions",
            "affectedAsns",
            "affectedComponents",
            "affectedLocations",
            "alertTriggerPreferences",
            "popNames",
            "selectors",
            "services",
            "trafficExclusions",
            "zones",
        ],
        LIST,
    ),
    **{name: Field("list", api=api) for name, api in PLURALS.items()},
}

NOTIFICATION_POLICY = Kind(
    "alerting/v3/policies",
    {
        "id": ID,
        "accountId": ACCOUNT,
        "alertType": NAME,
        "name": NAME,
        "mechanisms": Field(
            "object",
            REQUIRED,
            fields={
                "emails": Field("list", api="email", fields={"id": TEXT}),
                "pagerduties": Field("list", api="pagerduty", fields={"id": TEXT}),
                "webhooks": Field("list", fields={"id": TEXT}),
            },
        ),
        "alertInterval": TEXT,
        "description": TEXT,
        "filters": Field("object", fields=FILTERS),
        "enabled": Field("flag", EITHER, default=True),
        "created": TIME,
        "modified": TIME,
    },
    ACCOUNTS,
)
