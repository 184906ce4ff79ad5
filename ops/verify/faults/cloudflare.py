"""Faults that Cloudflare's API shows."""

from ops.verify.faults.fault import LOGS, NEW_EPOCH, NEW_TUNNEL, REFRESH, UP, Fault

DOWN = "error 1033 (530) on every hostname"
_DELETE_OTHER = "delete the new one if it is not used (one.dash.cloudflare.com > Networks > Tunnels), then replace it"
_OTHER = ("tunnel of another id", "tunnel locally configured")
TUNNEL = ("tunnel missing", *_OTHER)
"""The tunnel's own faults: most others follow from them."""

TUNNEL_MISSING = Fault(
    "tunnel missing",
    impact="error 1016 (530) where records still point at it, otherwise no such name",
    cause="it was deleted manually",
    # A refresh may not notice: Cloudflare keeps deleted tunnels listed, and the provider takes those for existing.
    remedy="create it anew; the connectors get its token, and the records its address",
    commands=(NEW_TUNNEL,),
)
TUNNEL_OTHER = Fault(
    "tunnel of another id",
    impact="error 1016 (530): records point at a tunnel that no longer exists",
    cause="the tunnel was deleted, and another created under its name",
    remedy=_DELETE_OTHER,
    commands=(NEW_TUNNEL,),
)
TUNNEL_LOCAL = Fault(
    "tunnel locally configured",
    impact="503 on every hostname",
    cause="the tunnel was deleted, and another created under its name, which gets no rules from Cloudflare: its "
    "config_src is 'local'",
    remedy=_DELETE_OTHER,
    commands=(NEW_TUNNEL,),
)
NO_CONNECTOR = Fault(
    "no connector connected",
    impact=DOWN,
    cause="no connector runs, or none reaches Cloudflare's edge",
    remedy="its log says why; port 7844 (UDP and TCP) to Cloudflare's edge must be open",
    commands=("kubectl -n {namespace} get pods -l app.kubernetes.io/instance={name}", LOGS),
    follows_from=(
        *_OTHER,
        "Deployment missing",
        "Deployment changed",
        "Deployment scaled to none",
        "pods missing",
        "token Secret missing",
        "token Secret changed",
        "container cannot be created",
        "image cannot be pulled",
        "connector exits again and again",
        "pod not scheduled",
        "policy changed",
        "pod not ready",
    ),
)
TOO_MANY_CONNECTORS = Fault(
    "foreign connector",
    impact="inconsistent answers: some requests reach a connector that is not this stack's",
    cause="a rollout is in progress, or another connector runs with this tunnel's token",
    remedy="check again in a minute; if it persists, rotate the token",
    commands=(NEW_EPOCH, UP),
    follows_from=("pod without its labels", "Deployment changed"),
)
FEW_CONNECTIONS = Fault(
    "connections missing",
    impact="none yet: the remaining connections carry all requests, with less redundancy",
    cause="a pod is not running, or cannot reach some of the edge's data centers",
    remedy="its log says why; port 7844 (UDP and TCP) to Cloudflare's edge must be open",
    commands=NO_CONNECTOR.commands,
    follows_from=NO_CONNECTOR.follows_from,
)
VERSION_BEHIND = Fault(
    "connector with earlier rules",
    impact="the rules from before the last change, at least for some requests",
    cause="the connector rejected the rules and keeps the old ones, or has not received them yet",
    remedy="its log names the rule that it rejects; otherwise restart it",
    commands=(LOGS, "kubectl -n {namespace} rollout restart deploy/{deployment}"),
    follows_from=("rules changed",),
)
RULES_CHANGED = Fault(
    "rules changed",
    impact="404 on a hostname whose rule is missing; another service on one whose rule was changed",
    cause="the rules were changed manually, or the stack file was changed and not deployed",
    remedy="restore the declared rules",
    commands=(REFRESH,),
    follows_from=_OTHER,
)
RECORD_MISSING = Fault(
    "record missing",
    impact="no such name (NXDOMAIN)",
    cause="the record was deleted manually, or the stack file was changed and not deployed",
    remedy="create it again",
    commands=(REFRESH,),
)
RECORD_OTHER = Fault(
    "record with another content",
    impact="the site at that address",
    cause="the record was changed manually, or is managed elsewhere",
    remedy="restore it; if it is managed elsewhere, agree with its owner first",
    commands=(REFRESH,),
    follows_from=TUNNEL,
)
RECORD_NOT_PROXIED = Fault(
    "record not proxied",
    impact="no address: the tunnel's name resolves only inside Cloudflare",
    cause="the proxy was switched off manually",
    remedy="restore it",
    commands=(REFRESH,),
)
RECORD_ORPHANED = Fault(
    "another record for the tunnel",
    impact="404 on these names, or the site of a wildcard route that matches them",
    cause="the record was created manually, or an interrupted update left it behind",
    remedy="delete it under dash.cloudflare.com > DNS > Records, or declare its hostname; what an interrupted update "
    "left, recover lists",
    commands=("python -m ops recover --stack {stack}",),
)
FAULTS = (
    TUNNEL_MISSING,
    TUNNEL_OTHER,
    TUNNEL_LOCAL,
    NO_CONNECTOR,
    TOO_MANY_CONNECTORS,
    FEW_CONNECTIONS,
    VERSION_BEHIND,
    RULES_CHANGED,
    RECORD_MISSING,
    RECORD_OTHER,
    RECORD_NOT_PROXIED,
    RECORD_ORPHANED,
)
