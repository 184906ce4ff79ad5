"""Conversion of an existing setup to settings: `Settings` validates each part, and what it rejects is skipped."""

from ops.migrate.candidates import default_options
from ops.migrate.existing_setup import CandidateRoute, ExistingSetup, SkippedItem, Values, with_value
from ops.migrate.reordered_routes import reordered_routes
from ops.migrate.valid_routes import valid_routes
from settings import Settings, SettingsError


def convert(setup: ExistingSetup, candidates: list[CandidateRoute]) -> tuple[Values, list[SkippedItem]]:
    """Valid settings, and what was skipped for them.

    Raises SettingsError if the account or the zones are invalid themselves, or if no route is valid.
    """
    base: Values = {"accountId": setup.account_id, "zones": setup.zones}
    routes, skipped = valid_routes(base, candidates)
    settings = {**base, "routes": routes}
    # Whether an option of the stack is valid does not depend on how many routes there are.
    sample = {**base, "routes": routes[:1]}
    options = [*default_options(setup).items(), *((each.key, each.value) for each in setup.settings)]
    for path, value in options:
        try:
            Settings.parse(with_value(sample, path, value))
        except SettingsError as error:
            skipped.append(SkippedItem.rejected(path, error.issues[0]))
        else:
            sample, settings = with_value(sample, path, value), with_value(settings, path, value)
    return settings, [*skipped, *reordered_routes(Settings.parse(settings))]
