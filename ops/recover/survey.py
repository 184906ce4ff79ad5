"""The survey of a stack: everything that bears its name, at Cloudflare and in the cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clients.errors import CloudflareApiError, KubernetesApiError
from clients.reply_shape import documented_shape
from components.naming import common_labels
from ops.declared_kinds import cloudflare_kinds
from ops.expected_stack import ExpectedStack
from ops.recover.cloudflare_kinds import (
    AFTER_THE_CONNECTOR,
    BEFORE_THE_CONNECTOR,
    POLICY,
    TUNNEL,
    CloudflareKind,
    tokens_of,
)
from ops.recover.live_resources import LiveResource, LiveResources, field_manager, from_object, is_terminating, owner_of
from ops.recover.object_kinds import NAMESPACE, OBJECT_KINDS, ObjectKind
from ops.recover.owner import Claims, Owner
from ops.recover.state import pending_operations, resources


@dataclass
class Survey:
    """What bears a stack's name."""

    found: list[LiveResource] = field(default_factory=list)
    """Resources of the stack."""
    unclear: list[LiveResource] = field(default_factory=list)
    """Resources that may be another stack's, whose project and stack make the same name."""
    unread: list[str] = field(default_factory=list)
    """Lists that could not be read, each with the reason: there may be more."""


def survey(stack: ExpectedStack, owner: Owner, state: dict[str, Any], live: LiveResources) -> Survey:
    """Reads every kind of resource that the program creates. Raises CheckUnavailable if an API does not answer."""
    made = Survey()
    with documented_shape():
        _survey_cloudflare(made, stack, owner, state, live)
        _survey_cluster(made, stack, owner, state, live)
    return made


def _survey_cloudflare(
    made: Survey, stack: ExpectedStack, owner: Owner, state: dict[str, Any], live: LiveResources
) -> None:
    settings = stack.settings
    used = cloudflare_kinds(stack.settings) | {resource["type"] for resource in _all(state)}
    zones = {zone: id or live.cloudflare.zone_id(settings.account_id, zone) for zone, id in settings.zones.items()}
    # A zone may have been removed from the stack file since.
    zone_ids = {*zones.values()} | {id for one in _all(state) if (id := (one.get("inputs") or {}).get("zoneId"))}
    scopes = {"accounts": [settings.account_id], "zones": sorted(zone_ids)}
    listed: dict[str, list[LiveResource]] = {}
    for kind in (*BEFORE_THE_CONNECTOR, *AFTER_THE_CONNECTOR):
        listed[kind.type] = []
        for scope_id in scopes[kind.scope]:
            try:
                listed[kind.type] += live.at_cloudflare(kind, scope_id)
            except CloudflareApiError as error:
                # A token that may not read a kind that neither the stack file nor the state has cannot have created it.
                if error.status not in (401, 403) or kind.type in used:
                    made.unread.append(f"{kind.noun}: {error}")
    declared = {route.hostname for route in settings.routes} | {zones[zone] for zone in settings.waf.owns}
    claims = _claims(owner, declared, (one for some in listed.values() for one in some))
    for kind in (*BEFORE_THE_CONNECTOR, *AFTER_THE_CONNECTOR):
        for one in listed[kind.type]:
            if not kind.belongs(one.body, owner):
                continue
            own = True if kind.marked or not owner.others else claims.decide(_subjects(one, settings.account_id, live))
            if own and kind is POLICY:
                admitted = frozenset(tokens_of(one.body))
                owner = replace(owner, service_tokens=owner.service_tokens | admitted)
                claims = replace(claims, own=claims.own | admitted)
            if own is not False:
                (made.found if own else made.unclear).append(one)


def _subjects(one: LiveResource, account: str, live: LiveResources) -> list[str]:
    """What a resource mentions; a tunnel also the hostnames of its ingress rules."""
    assert isinstance(one.kind, CloudflareKind)
    subjects = [*one.kind.subjects(one.body)]
    if one.kind is TUNNEL:
        config = live.cloudflare.configuration(account, one.id).get("config") or {}
        subjects += [rule.get("hostname") or "" for rule in config.get("ingress") or ()]
    return subjects


def _claims(owner: Owner, declared: Iterable[str], listed: Iterable[LiveResource]) -> Claims:
    own, of_others = set(declared), set[str]()
    for one in listed:
        if not (isinstance(one.kind, CloudflareKind) and one.kind.marked):
            continue
        if one.kind.belongs(one.body, owner):
            own.update(one.kind.subjects(one.body))
        elif any((one.body.get("comment") or "").startswith(mark) for mark in owner.others):
            of_others.update(one.kind.subjects(one.body))
    return Claims(frozenset(own), frozenset(of_others))


def _all(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [*resources(state), *(operation["resource"] for operation in pending_operations(state))]


def _survey_cluster(
    made: Survey, stack: ExpectedStack, owner: Owner, state: dict[str, Any], live: LiveResources
) -> None:
    objects = [one for one in _all(state) if one["type"].startswith("kubernetes:")]
    metadata = [(one["type"], (one.get("inputs") or {}).get("metadata") or {}) for one in objects]
    namespaces = {stack.namespace} | {each["namespace"] for _, each in metadata if "namespace" in each}
    known = {one.get("id") for one in objects}
    created = {each["name"] for type, each in metadata if type == NAMESPACE.type and "name" in each}
    if stack.settings.namespace is None or stack.settings.namespace.create:
        created.add(stack.namespace)
    for kind in OBJECT_KINDS:
        # Of a namespace that the state has, nothing more needs to be known.
        within = sorted(created - known) if kind is NAMESPACE else sorted(namespaces)
        for body in _items(made, kind, common_labels(owner.name), within, live):
            if body["metadata"].get("ownerReferences") or is_terminating(body):
                continue
            if field_manager(body) and owner_of(body) == owner.mark:
                made.found.append(from_object(kind, body))


def _items(
    made: Survey, kind: ObjectKind, labels: Mapping[str, str], within: Iterable[str], live: LiveResources
) -> list[dict[str, Any]]:
    """Objects of a kind with these labels: in the cluster, or in the namespaces `within` where the credentials are
    limited to those."""
    try:
        return live.cluster.items(kind.path(), labels)
    except KubernetesApiError as error:
        if error.status == 404:
            return []
        if error.status != 403:
            made.unread.append(f"{kind.kind}: {error}")
            return []
    items: list[dict[str, Any]] = []
    for namespace in within:
        try:
            if kind.namespaced:
                items += live.cluster.items(kind.path(namespace), labels)
            elif body := live.cluster.find(kind.path(name=namespace)):
                items += [body] if labels.items() <= (body["metadata"].get("labels") or {}).items() else []
        except KubernetesApiError as error:
            # A kind that is not served is refused as well where the credentials do not mention it.
            if error.status == 404 or not _is_served(kind, live):
                return []
            made.unread.append(f"{kind.kind} in {namespace}: {error}")
    return items


def _is_served(kind: ObjectKind, live: LiveResources) -> bool:
    try:
        listed = live.cluster.find(kind.root) or {}
    except KubernetesApiError:
        return True
    return any(each["name"] == kind.plural for each in listed.get("resources") or [])
