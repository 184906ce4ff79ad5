"""Faults that a visitor sees."""

from ops.verify.faults.cloudflare import NO_CONNECTOR, TUNNEL
from ops.verify.faults.fault import ALWAYS_FOLLOWS, REFRESH, Fault
from ops.verify.faults.network import ORIGIN

_RECORD = ("record missing", "record with another content", "record not proxied")
_BACKEND = (*ORIGIN, "names do not resolve", "backend does not answer", "rules changed")

_PUBLIC_DNS = "it shows in the public DNS, which has no name of a sandbox"
_CERTIFICATES = "Cloudflare issues the certificate, and its dashboard has the remedy"

UNRESOLVED = Fault(
    "hostname does not resolve",
    impact="no such name",
    cause="the record is missing or not proxied, or the zone's name servers are not Cloudflare's (yet)",
    remedy="compare the zone's name servers with dash.cloudflare.com > Overview; a new name takes a minute",
    commands=("dig +trace {host}",),
    follows_from=(*_RECORD, *TUNNEL),
    untried=_PUBLIC_DNS,
)
NO_CERTIFICATE = Fault(
    "certificate not valid",
    impact="a browser warning, or no page at all",
    cause="no certificate covers the name: Universal SSL covers the zone and one label below it, and is issued within "
    "a day for a new zone",
    remedy="dash.cloudflare.com > SSL/TLS > Edge Certificates; deeper names need an advanced certificate",
    untried=_CERTIFICATES,
)
CERTIFICATE_EXPIRES = Fault(
    "certificate about to expire",
    impact="a browser warning from that day on",
    cause="the certificate was not renewed, which Cloudflare normally does a month ahead",
    remedy="dash.cloudflare.com > SSL/TLS > Edge Certificates; a CAA record may forbid it",
    untried=_CERTIFICATES,
)
UNREACHABLE = Fault(
    "no answer",
    impact="no answer",
    cause="the network between this machine and Cloudflare, or the record points elsewhere",
    remedy="try from another network",
    follows_from=_RECORD,
)
NOT_CLOUDFLARE = Fault(
    "answer from elsewhere",
    impact="the site at another address",
    cause="the record is not proxied, or points elsewhere",
    remedy="restore the record",
    commands=(REFRESH,),
    follows_from=_RECORD,
    untried=_PUBLIC_DNS,
)
NO_ORIGIN = Fault(
    "error 1016",
    impact="an error page",
    cause="the record points at a tunnel that does not exist",
    remedy="see the checks tunnel and records of the API",
    follows_from=(*_RECORD, *TUNNEL),
    untried=f"{ALWAYS_FOLLOWS} a fault of the tunnel or of the record",
)
NO_CONNECTION = Fault(
    "error 1033",
    impact="an error page",
    cause="no connector of the tunnel is connected",
    remedy="see the check pods of the cluster and connections of the API",
    follows_from=(*_RECORD, *TUNNEL, *NO_CONNECTOR.follows_from, NO_CONNECTOR.name),
)
BAD_GATEWAY = Fault(
    "error 502",
    impact="an error page",
    cause="the connector cannot reach the service",
    remedy="its log names the address and the reason; check the service's pods",
    commands=("kubectl -n {namespace} logs deploy/{deployment} --tail=20",),
    follows_from=_BACKEND,
)
UNAVAILABLE = Fault(
    "error 503",
    impact="an error page",
    cause="the tunnel has no rules, or the service itself is unavailable",
    remedy="see the check rules; check the service",
    follows_from=("rules changed", "tunnel locally configured", "connector with earlier rules"),
)
TIMEOUT = Fault(
    "error 504",
    impact="an error page",
    cause="the service takes too long",
    remedy="check the service's pods",
    follows_from=_BACKEND,
)
OTHER_RULE = Fault(
    "another answer than declared",
    impact="an error page",
    cause="the rule differs from the declared one",
    remedy="see the check rules of the API",
    follows_from=(
        "rules changed",
        "connector with earlier rules",
        *TUNNEL,
        *NO_CONNECTOR.follows_from,
        NO_CONNECTOR.name,
    ),
)
NO_LOGIN = Fault(
    "no login",
    impact="the whole site, without a login",
    cause="the Access application is gone, or one of its policies lets every request pass (bypass)",
    remedy="restore what the stack file declares; otherwise check one.dash.cloudflare.com > Access > Applications",
    commands=(REFRESH,),
)
SERVICE_ERROR = Fault(
    "error of the service",
    impact="an error from the service",
    cause="the service itself answers with this error",
    remedy="check the service's logs",
    follows_from=("rules changed",),
)
FAULTS = (
    UNRESOLVED,
    NO_CERTIFICATE,
    CERTIFICATE_EXPIRES,
    UNREACHABLE,
    NOT_CLOUDFLARE,
    NO_ORIGIN,
    NO_CONNECTION,
    BAD_GATEWAY,
    UNAVAILABLE,
    TIMEOUT,
    OTHER_RULE,
    NO_LOGIN,
    SERVICE_ERROR,
)
