"""Validation of all settings: every issue of the model and of the checks between keys, at once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError

from settings.checks.access import access_conflicts, missing_access_team
from settings.checks.adoption import adoption_conflicts
from settings.checks.cloud_metadata import cloud_metadata_unconfirmed
from settings.checks.dependencies import (
    dns_name_unsupported,
    dns_origin_unsupported,
    entity_unsupported,
    load_balancer_without_route,
    monitor_without_ingress,
    udp_over_http2,
)
from settings.checks.partial import PartialSettings
from settings.checks.required import routes_missing, zones_missing
from settings.checks.routes import inconsistent_dns, shadowed_routes, unsupported_origin_options
from settings.checks.sample_site import unserved_by_sample_site
from settings.checks.waf import waf_issues
from settings.checks.zones import duplicate_zones, hostnames_outside_zones, id_conflicts
from settings.corrections import Correction, as_written, corrected, corrections
from settings.errors import SettingIssue, SettingsError
from settings.pydantic_errors import issues_of
from settings.schema import Options, accepts, field_type

Model = TypeVar("Model", bound=Options)
_MAX_DEPTH = 10
"""Levels of unknown keys within each other; the settings have fewer."""


def validate(model: type[Model], data: Any, handler: Callable[[Any], Model]) -> Model:
    """The settings that `handler` makes of `data`. Raises SettingsError with every issue, those below a misspelled key
    included."""
    settings, issues = None, []
    applied: list[Correction] = []
    unknown: list[SettingIssue] = []
    for _ in range(_MAX_DEPTH):
        found: list[Correction] = []
        try:
            settings, issues = handler(data), []
        except ValidationError as error:
            issues, found = issues_of(model, data, error), [*corrections(model, data, error)]
        keys = {each.key for each in found}
        unknown += [_as_written(issue, applied) for issue in issues if issue.key in keys]
        if not found:
            break
        data, applied = corrected(data, found), [*applied, *found]
    partial = PartialSettings(data, settings)
    issues += [*_required(model, partial), *_between_keys(partial)]
    issues = [*unknown, *(_as_written(issue, applied) for issue in issues)]
    if settings is None or issues:
        raise SettingsError(issues)
    return settings


def _as_written(issue: SettingIssue, applied: list[Correction]) -> SettingIssue:
    return replace(issue, key=as_written(issue.key, applied))


def _required(model: type[Options], partial: PartialSettings) -> Iterator[SettingIssue]:
    for key, check in (("zones", zones_missing), ("routes", routes_missing)):
        yield from check(partial, accepts(field_type(model.model_fields[key])))


def _between_keys(partial: PartialSettings) -> Iterator[SettingIssue]:
    yield from duplicate_zones(partial.zones)
    # An invalid zone may be the one that a hostname is in.
    if partial.has_all_zones:
        yield from hostnames_outside_zones(partial.routes, {zone for _, zone in partial.zones})
    yield from id_conflicts(partial.zone_ids, partial.account_id)
    yield from shadowed_routes(partial.routes)
    yield from adoption_conflicts(partial.routes)
    yield from unsupported_origin_options(partial.routes)
    yield from inconsistent_dns(partial.routes)
    yield from access_conflicts(partial.routes)
    yield from missing_access_team(partial)
    yield from dns_origin_unsupported(partial)
    yield from dns_name_unsupported(partial)
    yield from entity_unsupported(partial)
    yield from cloud_metadata_unconfirmed(partial)
    yield from monitor_without_ingress(partial)
    yield from load_balancer_without_route(partial)
    yield from udp_over_http2(partial)
    yield from unserved_by_sample_site(partial)
    yield from waf_issues(partial)
