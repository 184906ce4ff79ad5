"""One resource type: where it lives in the API, and what its properties are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.cloudflare.fields import COMPUTED, REQUIRED, Field, Fields
from sandbox.providers.interface import ProviderError
from sandbox.providers.values import plain

Values = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """Its URL is `/{scope}/{the scope's id}/{collection}[/{own id}]`.

    `scopes` are the properties that may name the scope, each with what the URL calls it.
    """

    collection: str
    fields: Fields
    scopes: Mapping[str, str]
    create: str = "POST"
    update: str = "PUT"
    deletes: bool = True
    own_id: str = "id"
    """The property whose value is the resource's id."""
    document: bool = False
    """One document at the end of `collection`, addressed without an id of its own."""
    quiet: bool = False
    """What the API answers to properties that were never set is no news."""
    refuse: Callable[[Values], None] = lambda _: None
    """Raises ProviderError for what the official plugin refuses only when it creates."""
    adapt: Callable[[Values, Values], Values] = lambda news, _: news
    """The inputs, with what the official plugin takes for the same as the state."""
    complete: Callable[[Values], Values] = lambda state: state
    """The state, with what the API leaves out."""

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(name for name, rule in self.fields.items() if rule.secret)

    def state(self, outputs: Values) -> Values:
        """Every property of kept outputs, None where there is none."""
        kept = plain(outputs)
        return {name: kept.get(name) for name in self.fields}

    def all_of(self, state: Values) -> str:
        """The path of the collection."""
        scope = next(name for name in self.scopes if state.get(name))
        return f"/{self.scopes[scope]}/{state[scope]}/{self.collection.format_map(state)}"

    def one_of(self, state: Values, id: str) -> str:
        return self.all_of(state) if self.document else f"{self.all_of(state)}/{id}"

    def imported(self, id: str) -> Values:
        """The beginnings of a state, from an id to import: `<scope's id>/<id>`, or with the scope's word before."""
        several = len(self.scopes) > 1
        word, _, rest = id.partition("/") if several else ("", "", id)
        scopes = [name for name, called in self.scopes.items() if not several or called == word]
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
