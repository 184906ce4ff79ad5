"""The valid parts of settings that may be invalid as a whole."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from settings.options import shorthand
from settings.options.routes import Route
from settings.options.waf import WafOptions
from settings.types.dns import domain_name

Numbered = tuple[int, Route]
"""A route and its index in the stack file."""


class PartialSettings:
    """Reads the settings part by part, so that one invalid route does not hide the issues of the next."""

    def __init__(self, data: Mapping[Any, Any], settings: Any) -> None:
        """`settings` are the Settings that `data` has, None where it is not valid as a whole."""
        self._data = data
        self._settings = settings

    def get(self, key: str) -> Any:
        """The value of a top-level key, as in the stack file."""
        return self._data.get(key)

    def group(self, key: str) -> dict[Any, Any]:
        """A top-level object as in the stack file, empty where it is absent or not an object."""
        found = self._data.get(key)
        return found if isinstance(found, dict) else {}

    def items(self, group: str, key: str) -> list[tuple[int, dict[Any, Any]]]:
        """The objects of a list in a top-level object, each with its index in the list."""
        listed = self.group(group).get(key)
        numbered = enumerate(listed) if isinstance(listed, (list, tuple)) else ()
        return [(number, item) for number, item in numbered if isinstance(item, dict)]

    @cached_property
    def routes(self) -> list[Numbered]:
        """The valid routes."""
        if self._settings:
            return [*enumerate(self._settings.routes)]
        found: list[Numbered] = []
        for number, value in enumerate(self._listed_routes):
            try:
                found.append((number, Route.model_validate(shorthand.route(value))))
            except ValidationError:
                continue
        return found

    @property
    def waf(self) -> WafOptions | None:
        """The WAF options, None where they are not valid."""
        if self._settings:
            return self._settings.waf
        try:
            return WafOptions.model_validate(self.group("waf"))
        except ValidationError:
            return None

    @property
    def has_all_routes(self) -> bool:
        """Whether there are routes and every one is valid."""
        return bool(self._listed_routes) and len(self.routes) == len(self._listed_routes)

    @cached_property
    def zones(self) -> list[tuple[str, str]]:
        """The zones with a valid name: as in the stack file, and normalized."""
        found: list[tuple[str, str]] = []
        for name in self._zone_ids:
            try:
                found.append((name, domain_name(name)))
            except (PydanticCustomError, AttributeError):
                continue
        return found

    @property
    def has_all_zones(self) -> bool:
        """Whether there are zones and every one has a valid name."""
        return bool(self.zones) and len(self.zones) == len(self._zone_ids)

    @property
    def zone_ids(self) -> dict[str, str]:
        """The ids of the zones that have one, in lower case, by the name in the stack file."""
        return {name: value.lower() for name, value in self._zone_ids.items() if value and isinstance(value, str)}

    @property
    def account_id(self) -> str:
        """The account's id in lower case, empty where it is absent."""
        account = self._data.get("accountId")
        return account.lower() if isinstance(account, str) else ""

    @property
    def cluster_domain(self) -> str:
        """The DNS domain of the cluster's Services in lower case, without a final dot."""
        return str(self._data.get("clusterDomain")).lower().removesuffix(".")

    @property
    def _listed_routes(self) -> list[Any] | tuple[Any, ...]:
        routes = shorthand.routes(self._data.get("routes"))
        return routes if isinstance(routes, (list, tuple)) else ()

    @property
    def _zone_ids(self) -> dict[Any, Any]:
        zones = shorthand.zones(self._data.get("zones"))
        return zones if isinstance(zones, dict) else {}
