"""The resources that a change of each setting changes, one row a setting."""

from typing import Any

import pytest

from settings import Settings
from tests.support.mock_recorder import TUNNEL_ID, Deploy
from tests.support.sealed_secrets import certificate
from tests.support.setting_diff import BASE, RECORD_ID, keys, setting_diff

RULES = "~ ZeroTrustTunnelCloudflaredConfig rules"
DEPLOYMENT = "~ Deployment cloudflared"
POLICY = "~ NetworkPolicy policy"
ALERTS = "~ PrometheusRule alerts"
BALANCER = "~ LoadBalancer blog.example.com"
NOTIFICATION = "~ NotificationPolicy notification"
OTHERS = '(lower(http.host) in {"log.example.com"}) and (ssl)'
RULESET = "~ Ruleset http_request_firewall_custom-example.com"
LIMITS = "~ Ruleset http_ratelimit-example.com"
PAIR = {"~ PushSecret token", "~ ExternalSecret token"}
APPLICATION = "~ ZeroTrustAccessApplication blog.example.com"
PEOPLE = {"~ ZeroTrustAccessPolicy blog.example.com-people"}
ACCESS_ID = "6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11"
ROUTE = "ZeroTrustTunnelCloudflaredRoute"
VIRTUAL = "ZeroTrustTunnelCloudflaredVirtualNetwork network"
FOREIGN_NETWORK = {"id": "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"}
SITE = {"sampleSite": {"image": "docker.io/nginxinc/nginx-unprivileged:1.28.0"}}


def route(**changes: Any) -> dict[str, Any]:
    """The one route of `BASE`, with these keys; None removes one."""
    merged = {**BASE["routes"][0], **changes}
    return {"routes": [{key: value for key, value in merged.items() if value is not None}]}


def entered(**changes: Any) -> dict[str, Any]:
    access = {"allow": {"emails": ["ann@example.com"]}, **changes}
    return {**route(access=access), "accessTeam": "acme"}


def backend(**changes: Any) -> dict[str, Any]:
    return route(service=None, backend={"service": "blog", "port": 80, **changes})


def token(delivery: str, **more: Any) -> dict[str, Any]:
    return {"token": {"delivery": delivery, **more}}


def kept(**changes: Any) -> dict[str, Any]:
    return token("existing", secret={"name": "tunnel-token", **changes})


def stored(**changes: Any) -> dict[str, Any]:
    return token("external", store={"name": "vault", **changes})


def connector(**changes: Any) -> dict[str, Any]:
    return {"connector": changes}


def image(**changes: Any) -> dict[str, Any]:
    return connector(image={"repository": "registry.example.com/cloudflared", "tag": "1", "digest": "", **changes})


def volume(**changes: Any) -> dict[str, Any]:
    merged = {"name": "ca", "mountPath": "/etc/ca", "configMap": {"name": "ca"}, **changes}
    given = {key: value for key, value in merged.items() if value is not None}
    return connector(extraVolumes=[given])


def variable(**changes: Any) -> dict[str, Any]:
    return connector(extraEnv=[{"name": "TUNNEL_RETRIES", **changes}])


def scheduling(**changes: Any) -> dict[str, Any]:
    return connector(scheduling=changes)


def alias(ip: str, *names: str) -> dict[str, Any]:
    """An alias and a route that leads to it: to the policy it is an address."""
    names = names or ("nas.example.net",)
    return {**route(service="https://nas.example.net"), **connector(hostAliases=[{"ip": ip, "hostnames": [*names]}])}


def origin(**options: Any) -> dict[str, Any]:
    return route(service="https://blog", origin=options)


def defaults(**options: Any) -> dict[str, Any]:
    return {**route(service="https://blog"), "originDefaults": options}


OPTIONS = {
    "connectTimeout": 5,
    "tlsTimeout": 5,
    "tcpKeepAlive": 5,
    "noHappyEyeballs": True,
    "keepAliveConnections": 5,
    "keepAliveTimeout": 5,
    "balance": True,
    "httpHostHeader": "blog.internal",
    "originServerName": "blog.internal",
    "matchSNItoHost": True,
    "disableChunkedEncoding": True,
    "http2Origin": True,
}
UNVERIFIED = origin(noTlsVerify=True, reason="It signs itself.")
CA = {"configMap": "ca"}
# The rules name the path at which the certificate authority is mounted.
CA_CHANGES = {
    "configMap": {"configMap": "other"},
    "secret": {"secret": "ca"},
    "key": {"configMap": "ca", "key": "root.crt"},
}


def monitoring(**changes: Any) -> dict[str, Any]:
    return {"networkPolicy": {"metricsFrom": "monitoring"}, "monitoring": changes}


def balanced(**changes: Any) -> dict[str, Any]:
    pools = [{"name": "here", "tunnels": ["own"]}]
    return {"loadBalancer": {"hostname": "blog.example.com", "pools": pools, **changes}}


def private(virtual: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    network = {"virtualNetwork": virtual} if virtual else {}
    return {"privateNetworks": {"routes": [{"network": "10.43.0.0/16", **changes}], **network}}


def pinged() -> dict[str, Any]:
    return {"privateNetworks": {**private()["privateNetworks"], "ping": True}}


def notify(**changes: Any) -> dict[str, Any]:
    return {"notify": {"email": ["ops@example.com"], **changes}}


def guarded(rule: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """WAF settings for a zone that the stack owns, with one rule with these keys."""
    rules = {"rules": [{"name": "a", "countries": ["KP"], **(rule or {})}]}
    return {"waf": {"plan": "enterprise", "owns": ["example.com"], **rules, **changes}}


def limited(**changes: Any) -> dict[str, Any]:
    return guarded(rules=[], rateLimits=[{"name": "a", "requests": 9, **changes}])


def including(**changes: Any) -> dict[str, Any]:
    wanted = {"name": "culvert-log_a", "action": "block", "expression": OTHERS, **changes}
    return guarded(rules=[], include=[wanted])


def opening(**changes: Any) -> dict[str, Any]:
    engine = "cilium" if "name" in changes else "kubernetes"
    return {"networkPolicy": {"engine": engine, "allow": [{"ports": [5432], **changes}]}}


def resolver(**changes: Any) -> dict[str, Any]:
    return {"networkPolicy": {"dns": [changes]}}


EVERYWHERE = {
    "~ Namespace namespace",
    "~ NetworkPolicy policy",
    "~ Secret token",
    "~ Deployment cloudflared",
    "~ PodDisruptionBudget budget",
    "~ Service metrics",
    # A Service without a namespace is in the stack's own.
    RULES,
}
"""A namespace's name is part of everything in it."""

# Setting, settings before, settings after (each added to `BASE`), changed resources.
ROWS: list[tuple[str, dict[str, Any], dict[str, Any], set[str]]] = [
    (
        "accountId",
        {},
        {"accountId": "f" * 32},
        # The Secret's token contains the account. Deployment and record refer to ids that the mocks do not change.
        {"~ ZeroTrustTunnelCloudflared tunnel", RULES, "~ Secret token"},
    ),
    ("zones", {}, {"zones": {"example.com": "f" * 32}}, {"~ DnsRecord blog.example.com"}),
    (
        "routes.hostname",
        {},
        route(hostname="log.example.com"),
        {RULES, "+ DnsRecord log.example.com", "- DnsRecord blog.example.com"},
    ),
    ("routes.service", {}, route(service="http://log"), {RULES}),
    ("routes.backend.service", backend(), backend(service="log"), {RULES}),
    ("routes.backend.namespace", backend(), backend(namespace="shop"), {RULES, POLICY}),
    ("routes.backend.port", backend(targetPort=8080), backend(port=81, targetPort=8080), {RULES}),
    ("routes.backend.targetPort", backend(), backend(targetPort=8080), {POLICY}),
    ("routes.backend.podSelector", backend(), backend(podSelector={"app": "blog"}), {POLICY}),
    ("routes.backend.scheme", backend(), backend(scheme="https"), {RULES}),
    ("routes.path.prefix", {}, route(path={"prefix": "/a"}), {RULES}),
    ("routes.path.exact", {}, route(path={"exact": "/a"}), {RULES}),
    ("routes.path.regex", {}, route(path={"regex": "^/a"}), {RULES}),
    *((f"routes.origin.{name}", origin(), origin(**{name: value}), {RULES}) for name, value in OPTIONS.items()),
    *((f"originDefaults.{name}", defaults(), defaults(**{name: value}), {RULES}) for name, value in OPTIONS.items()),
    *(
        (f"{key}.caPool.{name}", make(caPool=CA), make(caPool=changed), {RULES, DEPLOYMENT})
        for key, make in (("routes.origin", origin), ("originDefaults", defaults))
        for name, changed in CA_CHANGES.items()
    ),
    ("routes.origin.noTlsVerify", origin(), UNVERIFIED, {RULES}),
    # For readers of the stack file: no resource has it.
    ("routes.origin.reason", UNVERIFIED, origin(noTlsVerify=True, reason="It still signs itself."), set()),
    ("routes.dns", {}, route(dns="none"), {"- DnsRecord blog.example.com"}),
    # It allows a name that would be rejected; no resource has it.
    ("routes.advancedCertificate", {}, route(advancedCertificate=True), set()),
    # For the policy rules; no resource has it.
    ("routes.public", {}, route(public=True), set()),
    (
        "routes.access.allow.emails",
        {},
        {**route(access={"allow": {"emails": ["ann@example.com"]}}), "accessTeam": "acme"},
        # The connector fetches the team's keys.
        {
            "+ ZeroTrustAccessApplication blog.example.com",
            "+ ZeroTrustAccessPolicy blog.example.com-people",
            RULES,
            POLICY,
        },
    ),
    ("routes.access.allow.emailDomains", entered(), entered(allow={"emailDomains": ["example.org"]}), PEOPLE),
    ("routes.access.allow.groups", entered(), entered(allow={"groups": [ACCESS_ID]}), PEOPLE),
    ("routes.access.allow.identityProviders", entered(), entered(allow={"identityProviders": [ACCESS_ID]}), PEOPLE),
    (
        "routes.access.countries",
        entered(),
        entered(countries=["DE"]),
        {"+ ZeroTrustAccessPolicy blog.example.com-elsewhere", APPLICATION},
    ),
    (
        "routes.access.serviceTokens",
        entered(),
        entered(serviceTokens=["ci"]),
        {"+ ZeroTrustAccessServiceToken ci", "+ ZeroTrustAccessPolicy blog.example.com-programs", APPLICATION},
    ),
    # A policy has its own session duration, which overrides the application's.
    ("routes.access.sessionDuration", entered(), entered(sessionDuration="1h"), {APPLICATION, *PEOPLE}),
    ("accessTeam", entered(), {**entered(), "accessTeam": "other"}, {RULES}),
    # An adopted record is the stack's own, with or without the setting.
    ("routes.adopt", {}, route(adopt=RECORD_ID), set()),
    ("tunnel.adopt", {}, {"tunnel": {"adopt": TUNNEL_ID}}, set()),
    ("clusterDomain", {}, {"clusterDomain": "k8s.example"}, {RULES}),
    ("namespace.name", {}, {"namespace": "log"}, EVERYWHERE),
    ("namespace.create", {}, {"namespace": {"name": "blog", "create": False}}, {"- Namespace namespace"}),
    ("namespace.labels", {}, {"namespace": {"name": "blog", "labels": {"team": "web"}}}, {"~ Namespace namespace"}),
    ("tunnel.protect", {}, {"tunnel": {"protect": True}}, {"~ ZeroTrustTunnelCloudflared tunnel"}),
    ("token.delivery", {}, kept(), {"- Secret token", DEPLOYMENT}),
    # In reality the tunnel's secret, the Secret and the pods change too, but the mocks know one password.
    ("token.epoch", {}, {"token": {"epoch": 1}}, {"~ RandomPassword secret"}),
    (
        "token.certificate",
        token("sealed", certificate=certificate()),
        token("sealed", certificate=certificate("another")),
        {"~ SealedSecret token"},
    ),
    ("token.secret.name", kept(), kept(name="connector"), {DEPLOYMENT}),
    ("token.secret.key", kept(), kept(key="TUNNEL_TOKEN"), {DEPLOYMENT}),
    ("token.store.name", stored(), stored(name="other"), PAIR),
    ("token.store.kind", stored(), stored(kind="ClusterSecretStore"), PAIR),
    ("token.store.property", stored(), stored(property=""), PAIR),
    ("connector.replicas", {}, connector(replicas=3), {DEPLOYMENT}),
    # Only how the provider updates the Deployment: nothing is set to another value.
    ("connector.replicas", {}, connector(replicas="external"), set()),
    ("connector.image.repository", image(), image(repository="registry.example.com/other"), {DEPLOYMENT}),
    ("connector.image.tag", image(), image(tag="2"), {DEPLOYMENT}),
    ("connector.image.digest", image(), image(digest=f"sha256:{'0' * 64}"), {DEPLOYMENT}),
    ("connector.protocol", {}, connector(protocol="http2"), {DEPLOYMENT}),
    ("connector.postQuantum", connector(protocol="quic"), connector(protocol="quic", postQuantum=True), {DEPLOYMENT}),
    ("connector.edgeIpVersion", {}, connector(edgeIpVersion="6"), {DEPLOYMENT}),
    # Cloudflare's edge has other addresses there.
    ("connector.region", {}, connector(region="us"), {DEPLOYMENT, POLICY}),
    ("connector.logFormat", {}, connector(logFormat="default"), {DEPLOYMENT}),
    ("connector.podLabels", {}, connector(podLabels={"team": "web"}), {DEPLOYMENT}),
    ("connector.podAnnotations", {}, connector(podAnnotations={"team": "web"}), {DEPLOYMENT}),
    ("connector.imagePullSecrets", {}, connector(imagePullSecrets=["registry"]), {DEPLOYMENT}),
    ("connector.minReadySeconds", {}, connector(minReadySeconds=30), {DEPLOYMENT}),
    ("connector.podSecurity", {}, connector(podSecurity="openshift"), {DEPLOYMENT}),
    ("connector.dnsConfig.nameservers", {}, connector(dnsConfig={"nameservers": ["192.0.2.1"]}), {DEPLOYMENT, POLICY}),
    ("connector.dnsConfig.searches", {}, connector(dnsConfig={"searches": ["example.net"]}), {DEPLOYMENT}),
    ("connector.dnsConfig.options.name", {}, connector(dnsConfig={"options": [{"name": "rotate"}]}), {DEPLOYMENT}),
    (
        "connector.dnsConfig.options.value",
        connector(dnsConfig={"options": [{"name": "ndots", "value": 1}]}),
        connector(dnsConfig={"options": [{"name": "ndots", "value": 2}]}),
        {DEPLOYMENT},
    ),
    ("connector.hostAliases.ip", alias("192.0.2.1"), alias("192.0.2.2"), {DEPLOYMENT, POLICY}),
    ("connector.hostAliases.hostnames", alias("192.0.2.1"), alias("192.0.2.1", "a", "nas.example.net"), {DEPLOYMENT}),
    ("connector.gracePeriod", {}, connector(gracePeriod="1m"), {DEPLOYMENT}),
    ("connector.logLevel", {}, connector(logLevel="warn"), {DEPLOYMENT}),
    ("connector.resources", {}, connector(resources={"limits": {"memory": "1Gi"}}), {DEPLOYMENT}),
    ("connector.extraEnv.name", {}, variable(value="8"), {DEPLOYMENT}),
    ("connector.extraEnv.value", variable(value="8"), variable(value="9"), {DEPLOYMENT}),
    (
        "connector.extraEnv.valueFrom",
        variable(value="8"),
        variable(valueFrom={"configMapKeyRef": {"name": "edge", "key": "region"}}),
        {DEPLOYMENT},
    ),
    ("connector.extraVolumes.name", volume(), volume(name="authority"), {DEPLOYMENT}),
    ("connector.extraVolumes.mountPath", volume(), volume(mountPath="/etc/authority"), {DEPLOYMENT}),
    ("connector.extraVolumes.readOnly", volume(), volume(readOnly=False), {DEPLOYMENT}),
    ("connector.extraVolumes.configMap", volume(), volume(configMap={"name": "other"}), {DEPLOYMENT}),
    *(
        (f"connector.extraVolumes.{source}", volume(), volume(configMap=None, **{source: value}), {DEPLOYMENT})
        for source, value in {
            "secret": {"secretName": "ca"},
            "emptyDir": {},
            "projected": {"sources": [{"configMap": {"name": "ca"}}]},
            "csi": {"driver": "ca.example.com"},
            "persistentVolumeClaim": {"claimName": "ca"},
        }.items()
    ),
    ("connector.scheduling.nodeSelector", {}, scheduling(nodeSelector={"disk": "ssd"}), {DEPLOYMENT}),
    ("connector.scheduling.tolerations", {}, scheduling(tolerations=[{"operator": "Exists"}]), {DEPLOYMENT}),
    (
        "connector.scheduling.affinity",
        {},
        scheduling(affinity={"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}),
        {DEPLOYMENT},
    ),
    ("connector.scheduling.priorityClassName", {}, scheduling(priorityClassName="high"), {DEPLOYMENT}),
    (
        "connector.scheduling.topologySpreadConstraints",
        {},
        scheduling(
            topologySpreadConstraints=[
                {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
            ]
        ),
        {DEPLOYMENT},
    ),
    # The plan decides what the settings accept; the resources are the same on each.
    ("waf.plan", guarded(), guarded(plan="free"), set()),
    ("waf.owns", guarded(owns=[]), guarded(), {RULESET.replace("~", "+")}),
    # It allows the adoption of an existing ruleset, and there is none.
    ("waf.adopt", guarded(), guarded(adopt=["2" * 32]), set()),
    ("waf.rules.name", guarded(), guarded({"name": "b"}), {RULESET}),
    ("waf.rules.action", guarded(), guarded({"action": "js_challenge"}), {RULESET}),
    ("waf.rules.countries", guarded(), guarded({"countries": ["T1"]}), {RULESET}),
    ("waf.rules.networks", guarded(), guarded({"networks": ["203.0.113.0/24"]}), {RULESET}),
    ("waf.rules.asns", guarded(), guarded({"asns": [64496]}), {RULESET}),
    ("waf.rules.expression", guarded(), guarded({"expression": "ssl"}), {RULESET}),
    # Named or not, it is the only cluster.
    ("waf.rules.hostnames", guarded(), guarded({"hostnames": ["blog.example.com"]}), set()),
    ("waf.rateLimits.requests", limited(), limited(requests=8), {LIMITS}),
    ("waf.rateLimits.period", limited(), limited(period=60), {LIMITS}),
    ("waf.rateLimits.timeout", limited(), limited(timeout=60), {LIMITS}),
    ("waf.rateLimits.per", limited(), limited(per="visitor"), {LIMITS}),
    ("waf.rateLimits.name", limited(), limited(name="b"), {LIMITS}),
    ("waf.rateLimits.action", limited(timeout=10), limited(timeout=10, action="challenge"), {LIMITS}),
    ("waf.rateLimits.expression", limited(), limited(expression="ssl"), {LIMITS}),
    ("waf.rateLimits.hostnames", limited(), limited(hostnames=["blog.example.com"]), set()),
    ("waf.include.name", including(), including(name="culvert-log_b"), {RULESET}),
    ("waf.include.action", including(), including(action="challenge"), {RULESET}),
    ("waf.include.expression", including(), including(expression=OTHERS.replace("ssl", "not ssl")), {RULESET}),
    (
        "waf.include.rate.requests",
        including(),
        including(rate={"requests": 9}),
        {RULESET.replace("~", "-"), LIMITS.replace("~", "+")},
    ),
    *(
        (
            f"waf.include.rate.{key}",
            including(rate={"requests": 9}),
            including(rate={"requests": 9, key: value}),
            {LIMITS},
        )
        for key, value in {"period": 60, "timeout": 60, "per": "visitor"}.items()
    ),
    (
        "networkPolicy.engine",
        {},
        {"networkPolicy": {"engine": "cilium"}},
        # Another kind: the new object is created before the old one is deleted.
        {"- NetworkPolicy policy", "+ CiliumNetworkPolicy policy"},
    ),
    ("networkPolicy.allow.cidr", opening(cidr="10.20.0.0/16"), opening(cidr="10.21.0.0/16"), {POLICY}),
    ("networkPolicy.allow.namespace", opening(namespace="shop"), opening(namespace="mall"), {POLICY}),
    ("networkPolicy.allow.pods", opening(namespace="shop"), opening(namespace="shop", pods={"app": "db"}), {POLICY}),
    (
        "networkPolicy.allow.name",
        opening(name="db.example.net"),
        opening(name="db.example.org"),
        {"~ CiliumNetworkPolicy policy"},
    ),
    (
        "networkPolicy.allow.entity",
        {"networkPolicy": {"engine": "cilium"}},
        {"networkPolicy": {"engine": "cilium", "allow": [{"entity": "host", "ports": [1]}]}},
        {"~ CiliumNetworkPolicy policy"},
    ),
    ("networkPolicy.allow.ports", opening(namespace="shop"), opening(namespace="shop", ports=[1, 2]), {POLICY}),
    ("networkPolicy.allow.protocol", opening(namespace="shop"), opening(namespace="shop", protocol="UDP"), {POLICY}),
    (
        "networkPolicy.allowCloudMetadata",
        {},
        {"networkPolicy": {"allow": [{"cidr": "168.63.129.16", "ports": [80]}], "allowCloudMetadata": True}},
        {POLICY},
    ),
    ("networkPolicy.dns.cidr", {}, resolver(cidr="169.254.25.10"), {POLICY}),
    ("networkPolicy.dns.namespace", {}, resolver(namespace="dns"), {POLICY}),
    ("networkPolicy.dns.pods", resolver(namespace="dns"), resolver(namespace="dns", pods={"app": "dns"}), {POLICY}),
    ("networkPolicy.dns.port", resolver(namespace="dns"), resolver(namespace="dns", port=5353), {POLICY}),
    ("networkPolicy.preset", {}, {"networkPolicy": {"preset": "guide"}}, {POLICY}),
    ("networkPolicy.metricsFrom", {}, {"networkPolicy": {"metricsFrom": "monitoring"}}, {POLICY}),
    (
        "loadBalancer.hostname",
        {},
        balanced(),
        # The load balancer replaces the hostname's record.
        {
            "- DnsRecord blog.example.com",
            "+ LoadBalancer blog.example.com",
            "+ LoadBalancerMonitor health",
            "+ LoadBalancerPool pool-here",
        },
    ),
    (
        "loadBalancer.pools.name",
        balanced(),
        balanced(pools=[{"name": "home", "tunnels": ["own"]}]),
        {"- LoadBalancerPool pool-here", "+ LoadBalancerPool pool-home", BALANCER},
    ),
    (
        "loadBalancer.pools.tunnels",
        balanced(),
        balanced(pools=[{"name": "here", "tunnels": ["own", "34864f21-9c07-48f1-a4d4-496d83c62d38"]}]),
        {"~ LoadBalancerPool pool-here"},
    ),
    ("loadBalancer.steering", balanced(), balanced(steering="random"), {BALANCER}),
    ("loadBalancer.health.path", balanced(), balanced(health={"path": "/healthz"}), {"~ LoadBalancerMonitor health"}),
    ("loadBalancer.health.interval", balanced(), balanced(health={"interval": 30}), {"~ LoadBalancerMonitor health"}),
    ("privateNetworks.routes.network", {}, private(), {f"+ {ROUTE} route-10.43.0.0/16", POLICY}),
    (
        "privateNetworks.routes.network",
        private(),
        private(network="10.44.0.0/16"),
        {f"- {ROUTE} route-10.43.0.0/16", f"+ {ROUTE} route-10.44.0.0/16", POLICY},
    ),
    (
        "privateNetworks.routes.hostname",
        private(),
        private(hostname="wiki.example.net"),
        {f"- {ROUTE} route-10.43.0.0/16", "+ ZeroTrustNetworkHostnameRoute hostname-wiki.example.net"},
    ),
    ("privateNetworks.ping", private(), pinged(), {DEPLOYMENT}),
    ("privateNetworks.routes.comment", private(), private(comment="LAN"), {f"~ {ROUTE} route-10.43.0.0/16"}),
    ("privateNetworks.routes.ports", private(), private(ports=[443]), {POLICY}),
    (
        "privateNetworks.routes.protocol",
        private(ports=[53]),
        private(ports=[53], protocol="UDP"),
        {POLICY},
    ),
    (
        "privateNetworks.virtualNetwork.name",
        private(),
        private({"name": "homelab"}),
        # The route leaves its virtual network; the provider would not move it back.
        {f"- {ROUTE} route-10.43.0.0/16", f"+ {ROUTE} network-route-10.43.0.0/16", f"+ {VIRTUAL}"},
    ),
    ("privateNetworks.virtualNetwork.name", private({"name": "homelab"}), private({"name": "lab"}), {f"~ {VIRTUAL}"}),
    (
        "privateNetworks.virtualNetwork.id",
        private({"name": "homelab"}),
        private(FOREIGN_NETWORK),
        {f"~ {ROUTE} network-route-10.43.0.0/16", f"- {VIRTUAL}"},
    ),
    (
        "monitoring.monitor",
        monitoring(monitor="none"),
        monitoring(monitor="pod"),
        {"+ PodMonitor monitor"},
    ),
    (
        "monitoring.monitor",
        monitoring(),
        monitoring(monitor="service"),
        {"- PodMonitor monitor", "+ ServiceMonitor monitor"},
    ),
    ("monitoring.labels", monitoring(), monitoring(labels={"team": "web"}), {"~ PodMonitor monitor", ALERTS}),
    ("monitoring.alerts.downSeverity", monitoring(), monitoring(alerts={"downSeverity": "page"}), {ALERTS}),
    ("monitoring.alerts.severity", monitoring(), monitoring(alerts={"severity": "ticket"}), {ALERTS}),
    ("monitoring.alerts.errorPercent", monitoring(), monitoring(alerts={"errorPercent": 9}), {ALERTS}),
    ("monitoring.alerts.runbookUrl", monitoring(), monitoring(alerts={"runbookUrl": "https://example.com"}), {ALERTS}),
    (
        "monitoring.dashboard.labels",
        monitoring(),
        monitoring(dashboard={"labels": {"dashboards": "web"}}),
        {"~ ConfigMap dashboard"},
    ),
    ("notify.email", notify(), notify(email=["oncall@example.com"]), {NOTIFICATION}),
    ("notify.webhook", notify(), notify(webhook=["a" * 32]), {NOTIFICATION}),
    ("notify.pagerduty", notify(), notify(pagerduty=["a" * 32]), {NOTIFICATION}),
    ("notify.when", notify(), notify(when=["degraded"]), {NOTIFICATION}),
    ("notify.email", {}, notify(), {"+ NotificationPolicy notification"}),
    (
        "sampleSite.name",
        {"sampleSite": True},
        {"sampleSite": {"name": "log"}},
        # The site's pods have its name in a label, and only the site's pods have a known port behind a Service by URL.
        {"~ Service site-service", "~ Deployment site", "~ ConfigMap site-page", POLICY},
    ),
    ("sampleSite.image", SITE, {"sampleSite": {"image": "docker.io/library/site:1"}}, {"~ Deployment site"}),
]


@pytest.mark.parametrize(("before", "after", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_changed_setting_changes_only_these_resources(
    deploy: Deploy, before: dict[str, Any], after: dict[str, Any], expected: set[str]
) -> None:
    assert setting_diff(deploy, before, after) == expected


def test_every_setting_has_a_row() -> None:
    assert {row[0] for row in ROWS} == set(keys(Settings))
