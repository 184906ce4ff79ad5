"""The policy rules, one per module. `ALL` lists them in the order in which a stack is created."""

from policy.rule import Rule
from policy.rules.access import ACCESS
from policy.rules.connector_isolation import CONNECTOR_ISOLATION
from policy.rules.egress import EGRESS
from policy.rules.images import IMAGES
from policy.rules.origins import ORIGINS
from policy.rules.pod_security import POD_SECURITY
from policy.rules.protection import PROTECTION
from policy.rules.records import RECORDS
from policy.rules.replicas import REPLICAS
from policy.rules.token import TOKEN

ALL: tuple[Rule, ...] = (
    CONNECTOR_ISOLATION,
    EGRESS,
    PROTECTION,
    ORIGINS,
    ACCESS,
    TOKEN,
    IMAGES,
    POD_SECURITY,
    REPLICAS,
    RECORDS,
)

__all__ = [
    "ACCESS",
    "ALL",
    "CONNECTOR_ISOLATION",
    "EGRESS",
    "IMAGES",
    "ORIGINS",
    "POD_SECURITY",
    "PROTECTION",
    "RECORDS",
    "REPLICAS",
    "TOKEN",
]
