"""The kinds of policy that network plugins bring into a cluster, got as their projects publish them."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.tools.schemas import Schema, obtain

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
"""Not in `crds/`: Cilium's alone is half a megabyte, and both projects are in reach wherever the cluster itself is."""

Definition = dict[str, Any]


def definitions(progress: Callable[[str], None], schemas: Iterable[Schema] = SCHEMAS) -> list[Definition]:
    """The CustomResourceDefinitions of `schemas`; one that cannot be had is named and left out."""
    found: list[Definition] = []
    for schema in schemas:
        try:
            text = obtain(schema, progress).read_text(encoding="utf-8")
        except SandboxError as error:
            progress(f"objects of {schema.name} cannot be rehearsed: {error.message}")
            continue
        found.append(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        if found[-1]["spec"]["group"] == "crd.projectcalico.org":
            found.append(_served_by_calico(found[-1]))
    return found


def _served_by_calico(stored: Definition) -> Definition:
    """The kind as Calico's API server serves it: there it is no CustomResourceDefinition, but it has the same spec, and is
    kept in the stored one (https://docs.tigera.io/calico/latest/operations/install-apiserver)."""
    served = copy.deepcopy(stored)
    group = served["spec"]["group"] = "projectcalico.org"
    served["metadata"]["name"] = f"{served['spec']['names']['plural']}.{group}"
    served["spec"]["versions"][0]["name"] = "v3"
    return served
