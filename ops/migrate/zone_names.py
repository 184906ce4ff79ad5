"""Zones of hostnames by the public suffix list: the list is part of the package, nothing is downloaded."""

from collections.abc import Iterable

from publicsuffixlist import PublicSuffixList
from pydantic_core import PydanticCustomError

from ops.migrate.existing_setup import CandidateRoute, LeftOut, SkippedItem
from settings.types.dns import normalize_hostname


def zones_of(candidates: Iterable[CandidateRoute]) -> tuple[dict[str, None], list[CandidateRoute], list[LeftOut]]:
    """The zones that the hostnames most likely belong to, the candidates, and those whose hostname cannot be in any.

    A zone is a name that can be registered: one label below a public suffix.
    """
    suffixes = PublicSuffixList(accept_unknown=False)
    zones: dict[str, None] = {}
    kept, left_out = list[CandidateRoute](), list[LeftOut]()
    for candidate in candidates:
        try:
            name = normalize_hostname(candidate.rule.hostname).removeprefix("*.")
        except PydanticCustomError:
            kept.append(candidate)  # which is rejected with the settings
            continue
        if zone := suffixes.privatesuffix(name):
            zones[zone] = None
            kept.append(candidate)
        else:
            reason = f"its zone is not known: {name} is not below a suffix under which names are registered"
            item = SkippedItem(candidate.rule.name, reason, "set its zone with --zone NAME=ID", candidate.rule.place)
            left_out.append(LeftOut(candidate.rule, item))
    return zones, kept, left_out
