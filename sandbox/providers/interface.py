"""Interface between the servicer and a provider, in plain Python: requests of the engine and their results."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class ProviderError(Exception):
    """A failure with a message for the user; it never contains a secret."""


class NotReady(ProviderError):
    """The resource exists but did not become ready; the engine stores it in the state with the reason."""

    def __init__(self, message: str, id: str, outputs: dict[str, Any], inputs: dict[str, Any]) -> None:
        super().__init__(message)
        self.id = id
        self.outputs = outputs
        self.inputs = inputs


@dataclass(frozen=True)
class Change:
    """One changed property: `kind` is add, delete or update; `replace` requires a new resource."""

    kind: str
    replace: bool = False
    of_inputs: bool = False


@dataclass(frozen=True)
class Diff:
    """Changes by property path. With `detailed` these are full paths, otherwise top-level names."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    delete_first: bool = False
    detailed: bool = False


@dataclass
class Engine:
    """One run of an engine. It starts a process of its own for each official plugin."""

    memory: dict[str, Any] = field(default_factory=dict)
    """What that process would remember from call to call."""


@dataclass(frozen=True)
class Request:
    """One call of the engine; fields that a call does not have are empty. Values are those of `values`."""

    type: str
    """The resource's type token."""
    name: str
    urn: str
    id: str = ""
    news: dict[str, Any] = field(default_factory=dict)
    """The inputs of the program."""
    inputs: dict[str, Any] = field(default_factory=dict)
    """The inputs of the last update."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """The outputs in the state."""
    seed: bytes = b""
    timeout: float = 0
    """Seconds; 0 if the program sets none."""
    preview: bool = False
    ignore_changes: tuple[str, ...] = ()
    """Property paths whose changes the program ignores."""
    engine: Engine = field(default_factory=Engine)
    warn: Callable[[str], None] = lambda _: None
    """Shows the user a warning about this resource."""
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when the call is cancelled or the engine is gone; every wait of the provider ends then."""


class Provider(Protocol):
    """One stand-in. Each method raises ProviderError on failure."""

    name: str
    """As in `pulumi-<name>`, the package of the plugin it stands in for."""

    def configure(self, config: dict[str, Any]) -> None: ...

    def check(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        """The inputs as they will be stored, and the reason of failure for each invalid property."""
        ...

    def diff(self, request: Request) -> Diff: ...

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Id and outputs; in a preview no id."""
        ...

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """Current id, outputs and inputs; None if the resource is gone. Without outputs it is an import."""
        ...

    def update(self, request: Request) -> dict[str, Any]: ...

    def delete(self, request: Request) -> None: ...

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]: ...
