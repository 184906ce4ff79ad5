"""What a stack file asks for, as kinds of resources at Cloudflare and of objects in the cluster."""

from components.network_policy.engines import engine_of
from ops.recover import cloudflare_kinds as at_cloudflare
from ops.recover.cloudflare_kinds import CloudflareKind
from ops.recover.object_kinds import NAMESPACE, OBJECT_KINDS, ObjectKind
from settings import Settings


def cloudflare_kinds(settings: Settings) -> set[str]:
    """Types of the kinds at Cloudflare that the settings ask for."""
    tokens = any(route.access and route.access.service_tokens for route in settings.routes)
    by_setting: list[tuple[object, tuple[CloudflareKind, ...]]] = [
        (True, (at_cloudflare.TUNNEL, at_cloudflare.RECORD)),
        (settings.access_applications(), (at_cloudflare.APPLICATION, at_cloudflare.POLICY)),
        (tokens, (at_cloudflare.SERVICE_TOKEN,)),
        (settings.waf_rules(), (at_cloudflare.RULESET,)),
        (settings.load_balancer, (at_cloudflare.LOAD_BALANCER, at_cloudflare.POOL, at_cloudflare.MONITOR)),
        (settings.notify, (at_cloudflare.NOTIFICATION,)),
        (settings.private_networks, (at_cloudflare.ROUTE, at_cloudflare.HOSTNAME_ROUTE, at_cloudflare.NETWORK)),
    ]
    return {kind.type for asked, kinds in by_setting if asked for kind in kinds}


def object_kinds(settings: Settings) -> list[ObjectKind]:
    """Kinds of the objects in the cluster that the program creates for the settings."""
    delivery, monitoring = settings.token.delivery, settings.monitoring
    engine = engine_of(settings.network_policy.engine)
    kinds = {"Deployment", "PodDisruptionBudget", "Service"}
    kinds |= {
        "secret": {"Secret"},
        "sealed": {"SealedSecret"},
        "external": {"Secret", "PushSecret", "ExternalSecret"},
        "existing": set[str](),
    }[delivery]
    if settings.sample_site or (monitoring and monitoring.dashboard):
        kinds.add("ConfigMap")
    if monitoring:
        kinds |= {"pod": {"PodMonitor"}, "service": {"ServiceMonitor"}, "none": set[str]()}[monitoring.monitor]
        kinds |= {"PrometheusRule"} if monitoring.alerts else set()
    created = [kind for kind in OBJECT_KINDS if kind.kind in kinds]
    policy = [kind for kind in OBJECT_KINDS if (kind.version, kind.kind) == (engine.api_version, engine.kind)]
    namespace = [NAMESPACE] if settings.namespace is None or settings.namespace.create else []
    return [*namespace, *policy, *created]
