"""Every check at once: pydantic's errors in our words, and the checks between settings as far as they can run."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import ValidationError

from settings import rules, sources, zones
from settings.mistakes import PREFIX, Mistake, SettingsError
from settings.routes import Route
from settings.surroundings import NetworkPolicyOptions
from settings.translation import translated

Model = TypeVar("Model")


def check(model: type[Model], data: Any, handler: Callable[[Any], Model]) -> Model:
    """Build the settings, or raise SettingsError with everything that is wrong with them."""
    settings, mistakes = None, []
    try:
        settings = handler(data)
    except ValidationError as error:
        mistakes = translated(model, data, error)
    numbered = list(_routes(data))
    mistakes += rules.unreachable(numbered)
    known = _zones(model, data)
    if known:
        mistakes += zones.misplaced(numbered, known)
    mistakes += unfenceable(numbered, data)
    if mistakes or settings is None:
        raise SettingsError(mistakes)
    return settings


def unfenceable(routes: Iterable[tuple[int, Route]], data: Any) -> list[Mistake]:
    """Origins that a strict policy cannot let through: Kubernetes' policies name pods and addresses, not DNS names."""
    policy = data.get("networkPolicy") if isinstance(data, dict) else None
    preset = policy.get("preset", "strict") if isinstance(policy, dict) else "strict"
    if preset != NetworkPolicyOptions().preset:
        return []
    return [
        Mistake.of(
            f"{PREFIX}routes[{number}].service",
            route.service,
            "a strict network policy cannot name a DNS name outside the cluster",
            "a Service of the cluster (service.namespace.svc.cluster.local), an IP address, or networkPolicy: {preset: guide}",
            sources.KUBERNETES_POLICIES,
        )
        for number, route in routes
        if route.origin.external
    ]


def _routes(data: Any) -> Iterable[tuple[int, Route]]:
    routes = data.get("routes") if isinstance(data, dict) else None
    for number, value in enumerate(routes if isinstance(routes, (list, tuple)) else ()):
        try:
            yield number, Route.model_validate(value)
        except ValidationError:
            continue


def _zones(model: Any, data: Any) -> list[str]:
    values = data.get("zones") if isinstance(data, dict) else None
    return [str(name).lower() for name in values] if isinstance(values, dict) else []
