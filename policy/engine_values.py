"""Property values of the engine's protocol, with its markers for secrets and unknowns."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2

from policy.property_paths import UNKNOWN

# https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go and ../properties.go
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_UNKNOWNS = {
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


def read(message: struct_pb2.Struct, *, secrets: bool) -> dict[str, Any]:
    """The properties of a message. Secrets are in the clear with `secrets`, else None; unknown values are UNKNOWN."""
    return _read(json_format.MessageToDict(message), secrets)


def _read(value: Any, secrets: bool) -> Any:
    if isinstance(value, str) and value in _UNKNOWNS:
        return UNKNOWN
    if isinstance(value, list):
        return [_read(item, secrets) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(_SIGNATURE) == _SECRET:
        return _read(value["value"], secrets) if secrets else None
    return {key: _read(item, secrets) for key, item in value.items()}
