"""Identifiers and times in the service's formats."""

import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

HEX_ID = re.compile(r"[0-9a-f]{32}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def now(ago: timedelta = timedelta()) -> str:
    """The current time, or so long `ago`, in RFC 3339 with microseconds: `2026-11-23T07:50:48.865223Z`."""
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_hex_id() -> str:
    """32 hex digits: zones, records, rulesets, accounts."""
    return secrets.token_hex(16)


def new_uuid() -> str:
    """A random UUID: tunnels, connections, Access objects, notification policies."""
    return str(uuid.uuid4())
