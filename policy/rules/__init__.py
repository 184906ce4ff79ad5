"""The rules, one noun a module. `ALL` has them in the order in which a stack comes together."""

from policy.rule import Rule
from policy.rules.access import ACCESS
from policy.rules.connector_isolation import FENCE
from policy.rules.egress import EGRESS
from policy.rules.images import IMAGES
from policy.rules.origins import ORIGINS
from policy.rules.pod_security import POD_SECURITY
from policy.rules.protection import PROTECTION
from policy.rules.records import RECORDS
from policy.rules.replicas import REPLICAS
from policy.rules.token import TOKEN

ALL: tuple[Rule, ...] = (
    FENCE,
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
    "EGRESS",
    "FENCE",
    "IMAGES",
    "ORIGINS",
    "POD_SECURITY",
    "PROTECTION",
    "RECORDS",
    "REPLICAS",
    "TOKEN",
]
