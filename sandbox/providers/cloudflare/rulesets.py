"""Resource type of rulesets. Parameters of actions are not described: their keys are sent in snake_case.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`ruleset`).
"""

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, REQUIRED, Field
from sandbox.providers.cloudflare.resource_type import (
    ACCOUNTS,
    ID,
    NAME,
    NUMBER,
    OBJECT,
    SCOPED,
    TEXT,
    TIME,
    ZONES,
    ResourceType,
)

RULESET = ResourceType(
    "rulesets",
    {
        "id": ID,
        **SCOPED,
        "kind": Field(mode=REQUIRED, replace=True, one_of=("managed", "custom", "root", "zone")),
        "name": Field(mode=REQUIRED, replace=True),
        "phase": Field(mode=REQUIRED, replace=True),
        "description": Field(mode=OPTIONAL_COMPUTED, default=""),
        "rules": Field(
            "list",
            OPTIONAL_COMPUTED,
            default=[],
            fields={
                "id": Field(mode=COMPUTED),
                "action": NAME,
                "actionParameters": Field("object", OPTIONAL_COMPUTED, default={}),
                "description": Field(mode=OPTIONAL_COMPUTED, default=""),
                "enabled": Field("flag", OPTIONAL_COMPUTED, default=True),
                "exposedCredentialCheck": OBJECT,
                "expression": NAME,
                "logging": Field("object", OPTIONAL_COMPUTED),
                "ratelimit": Field(
                    "object",
                    fields={
                        "characteristics": Field("list", REQUIRED),
                        "period": Field("number", REQUIRED),
                        "countingExpression": TEXT,
                        "mitigationTimeout": Field("number", OPTIONAL_COMPUTED),
                        "requestsPerPeriod": NUMBER,
                        "requestsToOrigin": Field("flag", OPTIONAL_COMPUTED, default=False),
                        "scorePerPeriod": NUMBER,
                        "scoreResponseHeaderName": TEXT,
                    },
                ),
                "ref": Field(mode=OPTIONAL_COMPUTED),
            },
        ),
        "lastUpdated": TIME,
        "version": Field(mode=COMPUTED),
    },
    {**ACCOUNTS, **ZONES},
)
