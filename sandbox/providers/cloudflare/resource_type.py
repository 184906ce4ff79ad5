"""Resource types: their paths in the API and their properties."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.cloudflare.fields import COMPUTED, REQUIRED, Field, Fields
from sandbox.providers.interface import ProviderError
from sandbox.providers.values import plain

Values = dict[str, Any]


@dataclass(frozen=True)
class ResourceType:
    """One resource type. Its path is `/{scope}/{id of the scope}/{collection}[/{own id}]`.

    `scopes` are the properties that may name the scope, each with its word in the path.
    """

    collection: str
    fields: Fields
    scopes: Mapping[str, str]
    create: str = "POST"
    update: str = "PUT"
    deletes: bool = True
    create_warning: str = ""
    """What the official plugin warns of, before it creates the resource and in a preview of that."""
    own_id: str = "id"
    """The property whose value is the resource's id."""
    singleton: bool = False
    """The collection is one document, addressed without an id."""
    ignore_unset: bool = False
    """A refresh ignores what the API returns for properties that were never set."""
    check_create: Callable[[Values], None] = lambda _: None
    """Raises ProviderError for what the official plugin refuses only on creation."""
    normalize: Callable[[Values, Values], Values] = lambda news, _: news
    """The inputs, with the state's spelling where the official plugin considers both equal."""
    follow_up: Callable[[Values, Values | None], Values] = lambda planned, _: planned
    """The plan, with what the official plugin knows of properties that the API sets; the state is None on creation."""
    complete: Callable[[Values], Values] = lambda state: state
    """The state, with what the API omits."""

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(name for name, rule in self.fields.items() if rule.secret)

    def state(self, outputs: Values) -> Values:
        """Every property of stored outputs, None for an absent one."""
        values = plain(outputs)
        return {name: values.get(name) for name in self.fields}

    def collection_path(self, state: Values) -> str:
        """The path of the collection."""
        scope = next(name for name in self.scopes if state.get(name))
        return f"/{self.scopes[scope]}/{state[scope]}/{self.collection.format_map(state)}"

    def item_path(self, state: Values, id: str) -> str:
        return self.collection_path(state) if self.singleton else f"{self.collection_path(state)}/{id}"

    def import_state(self, id: str) -> Values:
        """The initial state of an import id: `<scope's id>/<id>`, preceded by the scope's word where there are two."""
        several = len(self.scopes) > 1
        word, _, rest = id.partition("/") if several else ("", "", id)
        scopes = [name for name, path_word in self.scopes.items() if not several or path_word == word]
        parts = rest.split("/")
        if not scopes or len(parts) != 2 or not all(parts):
            form = "<{accounts|zones}/{account_id|zone_id}>/<id>" if several else f"<{next(iter(self.scopes))}>/<id>"
            raise ProviderError(f'invalid ID: expected urlencoded segments {form}, got "{id}"')
        return {**dict.fromkeys(self.fields), scopes[0]: parts[0], "id": parts[1], self.own_id: parts[1]}


ACCOUNTS = {"accountId": "accounts"}
ZONES = {"zoneId": "zones"}

ID = Field(mode=COMPUTED, keep=True)
ACCOUNT = Field(mode=REQUIRED, path=True, replace=True)
SCOPED = {"accountId": Field(path=True, replace=True), "zoneId": Field(path=True, replace=True)}
NAME = Field(mode=REQUIRED)
TEXT, NUMBER, FLAG, LIST, OBJECT = Field(), Field("number"), Field("flag"), Field("list"), Field("object")
TIME = Field("time", COMPUTED)
