"""Resource type of notification policies.

Source: as in `access`.
"""

from sandbox.providers.cloudflare.fields import OPTIONAL_COMPUTED, REQUIRED, Field
from sandbox.providers.cloudflare.resource_type import ACCOUNT, ACCOUNTS, ID, LIST, NAME, TEXT, TIME, ResourceType

# The bridge renames these filters to plurals; the others have the API's names.
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

NOTIFICATION_POLICY = ResourceType(
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
        "enabled": Field("flag", OPTIONAL_COMPUTED, default=True),
        "created": TIME,
        "modified": TIME,
    },
    ACCOUNTS,
)
