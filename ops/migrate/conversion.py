"""Conversion of an existing setup to settings: `Settings` validates each part, and what it rejects is skipped."""

from dataclasses import dataclass

from ops.migrate.candidates import candidate_routes, is_final_404
from ops.migrate.connector_namespace import needed_objects
from ops.migrate.existing_setup import ExistingSetup, SkippedItem, Values
from ops.migrate.reordered_routes import reordered_routes, with_receivers
from ops.migrate.valid_options import with_valid_options
from ops.migrate.valid_routes import valid_routes
from ops.migrate.zone_names import zones_of
from settings import Settings
from settings.plain_text import shortened


@dataclass(frozen=True)
class Conversion:
    """`values` are valid settings, None where no rule becomes a route. `converted` of `total` rules are routes, where
    a last rule that answers 404 counts as none. `skipped` is everything that was not migrated as is, in no order."""

    values: Values | None
    converted: int
    total: int
    skipped: list[SkippedItem]


def convert(setup: ExistingSetup, localhost: str | None = None) -> Conversion:
    """Converts a setup whose account is known.

    `localhost` is the address of the machine that the input is from, None if that is not known. Raises SettingsError if
    the account or the zones are invalid themselves.
    """
    total = sum(not is_final_404(setup, rule) for rule in setup.rules)
    defaults, candidates, left_out = candidate_routes(setup, localhost)
    zones, zones_known = setup.zones, bool(setup.zones)
    if not zones_known:
        guessed, candidates, outside = zones_of(candidates)
        left_out += outside
        zones = {**guessed}
        if zones:
            names = shortened(", ".join(zones), 300)
            reason = f"the input does not contain zones; by the public suffix list: {names}"
            setup.skipped.append(SkippedItem("zones", reason, "correct it, or set it with --zone NAME=ID"))
    base: Values = {"accountId": setup.account_id, "zones": zones or {"example.com": None}}
    valid = valid_routes(base, candidates, zones_known=zones_known)
    left_out += valid.left_out
    skipped = [*setup.skipped, *valid.skipped]
    if not valid.routes:
        return Conversion(None, 0, total, [*skipped, *(each.item for each in left_out)])
    values = {**base, "routes": [route for _, route in valid.routes]}
    if defaults:
        values["originDefaults"] = defaults
    values, more = with_valid_options(values, setup.settings)
    settings, rules = Settings.parse(values), [candidate.rule for candidate, _ in valid.routes]
    skipped += [*more, *with_receivers(left_out, settings), *reordered_routes(settings, rules)]
    skipped += needed_objects(setup, settings)
    return Conversion(values, len(rules), total, skipped)
