"""Scheduling of the connector's pods."""

from typing import Annotated, Any

from settings import references
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import Labels

_SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}


class SchedulingOptions(Options):
    """Where the connector's pods run, as in a pod spec."""

    SOURCE = references.KUBERNETES_SCHEDULING

    node_selector: Annotated[Labels, Example({"kubernetes.io/arch": "amd64"})] = {}
    """Labels of the nodes to run on."""
    tolerations: Annotated[
        tuple[dict[str, Any], ...],
        Accepts("a list of tolerations", examples=([{"key": "edge", "operator": "Exists"}],)),
    ] = ()
    """Taints to tolerate."""
    affinity: Annotated[
        dict[str, Any],
        Accepts("an affinity", examples=({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},)),
    ] = {}
    """Affinity to nodes and to other pods."""
    priority_class_name: Annotated[str | None, Accepts("the name of a PriorityClass", examples=("high",))] = None
    """Priority class of the pods."""
    topology_spread_constraints: Annotated[
        tuple[dict[str, Any], ...], Accepts("a list of topology spread constraints", examples=([_SPREAD],))
    ] = ()
    """Topology spread of the pods; over nodes when omitted."""
