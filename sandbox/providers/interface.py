"""What one stand-in does, in plain Python: the calls of the engine, and the answers to them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class ProviderError(Exception):
    """A refusal with a message for the person at the keyboard; it never holds a secret."""


class NotReady(ProviderError):
    """The resource exists but never became ready; the engine keeps it in the state as it is, with the reason."""

    def __init__(self, message: str, id: str, outputs: dict[str, Any], inputs: dict[str, Any]) -> None:
        super().__init__(message)
        self.id = id
        self.outputs = outputs
        self.inputs = inputs


@dataclass(frozen=True)
class Change:
    """One changed property: `kind` is add, delete or update; `replace` asks for a new resource."""

    kind: str
    replace: bool = False
    of_inputs: bool = False


@dataclass(frozen=True)
class Diff:
    """What differs, by property path. `detailed` says that these are full paths, not only top-level names."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    delete_first: bool = False
    detailed: bool = False


@dataclass(frozen=True)
class Request:
    """One call of the engine; what a call does not send is empty. Values are those of `values`."""

    type: str
    """The resource's type token."""
    name: str
    urn: str
    id: str = ""
    news: dict[str, Any] = field(default_factory=dict)
    """The inputs that the program now gives."""
    inputs: dict[str, Any] = field(default_factory=dict)
    """The inputs that it gave last time."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """What the state keeps."""
    seed: bytes = b""
    timeout: float = 0
    """Seconds; 0 where the program sets none."""
    preview: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when nobody waits for the answer any more; who waits for something ends then."""


class Provider(Protocol):
    """What one stand-in does. Each method raises ProviderError to refuse."""

    name: str
    """As in `pulumi-<name>`, the package of the plugin it stands in for."""

    def configure(self, config: dict[str, Any]) -> None: ...

    def check(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        """The inputs as they will be kept, and what is wrong with which property."""
        ...

    def diff(self, request: Request) -> Diff: ...

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Id and outputs; in a preview no id."""
        ...

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """Id, outputs and inputs as they are now; None where the resource is gone. Without outputs it is an import."""
        ...

    def update(self, request: Request) -> dict[str, Any]: ...

    def delete(self, request: Request) -> None: ...

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]: ...
