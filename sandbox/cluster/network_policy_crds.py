"""The CustomResourceDefinitions of Calico's and Cilium's network policies, as their projects publish them."""

import copy
from collections.abc import Iterable
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.tools.schemas import Schema, obtain
from sandbox.tools.tool import Progress

_CALICO, _CILIUM = "v1.11.0-cni-plugin.0.20250813170300-a0db560f0520", "v1.18.2"
SCHEMAS = (
    Schema(
        name="calico-networkpolicies",
        module="github.com/projectcalico/calico",
        version=_CALICO,
        path=(path := "libcalico-go/config/crd/crd.projectcalico.org_networkpolicies.yaml"),
        digest="c34466730551f66959892d74bbce09b415981f98a82614ff36874e118ebb6ec1",
        url=f"https://raw.githubusercontent.com/projectcalico/calico/{_CALICO[-12:]}/{path}",
    ),
    Schema(
        name="cilium-networkpolicies",
        module="github.com/cilium/cilium",
        version=_CILIUM,
        path=(path := "pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml"),
        digest="6be92d49dbdbdb23e41b07dd6e88649162e40b06f4dc2e68b06c75b0e92346e3",
        url=f"https://raw.githubusercontent.com/cilium/cilium/{_CILIUM}/{path}",
    ),
)
"""Not in `crds/`: Cilium's alone is half a megabyte, and where the control plane can be downloaded, so can they."""

Definition = dict[str, Any]


def definitions(progress: Progress, schemas: Iterable[Schema] = SCHEMAS) -> list[Definition]:
    """The CustomResourceDefinitions of `schemas`; one that is not available is reported and left out."""
    definitions: list[Definition] = []
    for schema in schemas:
        try:
            text = obtain(schema, progress).read_text(encoding="utf-8")
        except SandboxError as error:
            progress(f"objects of {schema.name} cannot be rehearsed: {error.message}")
            continue
        definitions.append(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        if definitions[-1]["spec"]["group"] == "crd.projectcalico.org":
            definitions.append(_served_by_calico(definitions[-1]))
    return definitions


def _served_by_calico(stored: Definition) -> Definition:
    """The kind as Calico's API server serves it. There it is not a CustomResourceDefinition, but its spec is the same,
    and it is stored as the given one (https://docs.tigera.io/calico/latest/operations/install-apiserver)."""
    served = copy.deepcopy(stored)
    group = served["spec"]["group"] = "projectcalico.org"
    served["metadata"]["name"] = f"{served['spec']['names']['plural']}.{group}"
    served["spec"]["versions"][0]["name"] = "v3"
    return served
