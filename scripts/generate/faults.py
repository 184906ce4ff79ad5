"""The faults in `docs/troubleshooting.md`: one table for each layer, generated from what verify reports."""

from collections.abc import Iterable
from pathlib import Path

from ops.verify.faults import FAULTS, LAYERS, Fault

PAGE = "docs/troubleshooting.md"
_BEGIN, _END = "<!-- generated from ops/verify/faults by `make generate` -->", "<!-- end of what is generated -->"
_EXAMPLE = {
    "stack": "dev",
    "name": "culvert-dev",
    "namespace": "blog-dev",
    "deployment": "culvert-dev-cloudflared",
    "epoch": "1",
    "policy_kinds": "networkpolicies.networking.k8s.io",
    "subject": "POD",
    "object": "KIND/NAME",
    "kind": "KIND",
    "entity": "remote-node",
    "other": "NAME",
    "host": "HOSTNAME",
    "service": "SERVICE",
    "service_namespace": "NAMESPACE",
    "accepted": "one of its ports",
    "port": "PORT",
    "declared": "another port",
    "hostname": "HOSTNAME",
    "policies": "NAME",
    "selected": "the pods of the connector, or of the backend",
    "url": "http://SERVICE.NAMESPACE.svc:PORT",
    "backend_namespace": "NAMESPACE",
}
"""What the page has in place of a finding's own values."""


def page(project: Path) -> str:
    """The whole page, with its generated part as it has to be."""
    text = (project / PAGE).read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{PAGE} must contain {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{_tables()}\n{_END}{after}"


def _tables() -> str:
    tables = [_table(layer, "finding | cause | remedy", map(_row, faults)) for layer, faults in LAYERS.items()]
    untried = (f"| {fault.name} | {fault.untried} |" for fault in FAULTS.values() if fault.untried)
    return "\n".join([*tables, _table("Remedies that no test runs", "finding | why", untried)])


def _table(heading: str, columns: str, rows: Iterable[str]) -> str:
    rule = "---|" * len(columns.split("|"))
    return "\n".join([f"### {heading}", "", f"| {columns} |", f"|{rule}", *rows, ""])


def _row(fault: Fault) -> str:
    filled = fault.filled(_EXAMPLE)
    remedy = "<br>".join([filled.remedy, *(f"`{command}`" for command in filled.commands)])
    return f"| {' | '.join((fault.name, filled.cause, remedy))} |"
