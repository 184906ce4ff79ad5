"""A ruleset. What an action takes besides is left open: it is sent in snake_case.

Source: the schemas and models of terraform-provider-cloudflare v5.22 (`ruleset`).
"""

from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, REQUIRED, Field
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
    Kind,
)

RULESET = Kind(
    "rulesets",
    {
        "id": ID,
        **SCOPED,
        "kind": Field(mode=REQUIRED, replace=True, one_of=("managed", "custom", "root", "zone")),
        "name": Field(mode=REQUIRED, replace=True),
        "phase": Field(mode=REQUIRED, replace=True),
        "description": Field(mode=EITHER, default=""),
        "rules": Field(
            "list",
            EITHER,
            default=[],
            fields={
                "id": Field(mode=COMPUTED),
                "action": NAME,
                "actionParameters": Field("object", EITHER, default={}),
                "description": Field(mode=EITHER, default=""),
                "enabled": Field("flag", EITHER, default=True),
                "exposedCredentialCheck": OBJECT,
                "expression": NAME,
                "logging": Field("object", EITHER),
                "ratelimit": Field(
                    "object",
                    fields={
                        "characteristics": Field("list", REQUIRED),
                        "period": Field("number", REQUIRED),
                        "countingExpression": TEXT,
                        "mitigationTimeout": Field("number", EITHER),
                        "requestsPerPeriod": NUMBER,
                        "requestsToOrigin": Field("flag", EITHER, default=False),
                        "scorePerPeriod": NUMBER,
                        "scoreResponseHeaderName": TEXT,
                    },
                ),
                "ref": Field(mode=EITHER),
            },
        ),
        "lastUpdated": TIME,
        "version": Field(mode=COMPUTED),
    },
    {**ACCOUNTS, **ZONES},
)
