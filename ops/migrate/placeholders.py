"""Placeholders that a tool fills in before cloudflared reads a file."""

import re

_VALUE = re.compile(r"\$\{[^{}]*\}|\{\{.*?\}\}|\$\([A-Za-z_]\w*\)|<[A-Za-z][\w .-]*>|%[A-Za-z_]\w*%|\$[A-Za-z_]\w*")
"""In a hostname or a service: `${DOMAIN}`, `{{ .Values.domain }}`, `$(DOMAIN)`, `<domain>`, `%DOMAIN%`, `$DOMAIN`."""
_EXPRESSION = re.compile(r"\$\{[^{}]*\}|\{\{.*?\}\}")
"""In a path, where the others may be part of an expression."""
REMEDY = "put its value in place before migrating, as with envsubst or `helm template`"


def placeholder(*values: str, path: str = "") -> str:
    """The first placeholder in a rule's hostname or service, or in its path; empty where there is none."""
    match = next((found for value in values if (found := _VALUE.search(value))), None) or _EXPRESSION.search(path)
    return match[0] if match else ""
