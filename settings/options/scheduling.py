"""Scheduling of the connector's pods."""

from typing import Annotated, Any

from pydantic import field_validator

from settings import references
from settings.errors import reject
from settings.pod_spec.affinity import Affinity
from settings.pod_spec.fields import valid
from settings.pod_spec.placement import Toleration, TopologySpread
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import Labels, PriorityClassName

_SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}


class SchedulingOptions(Options):
    """Where the connector's pods run, as in a pod spec."""

    SOURCE = references.KUBERNETES_SCHEDULING

    node_selector: Annotated[Labels, Example({"kubernetes.io/arch": "amd64"})] = {}
    """Labels of the nodes to run on."""
    tolerations: Annotated[
        tuple[Annotated[dict[str, Any], valid(Toleration)], ...],
        Accepts("a list of tolerations", examples=([{"key": "edge", "operator": "Exists"}],)),
    ] = ()
    """Taints to tolerate."""
    affinity: Annotated[
        dict[str, Any],
        valid(Affinity),
        Accepts("an affinity", examples=({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},)),
    ] = {}
    """Affinity to nodes and to other pods."""
    priority_class_name: PriorityClassName | None = None
    """Priority class of the pods."""
    topology_spread_constraints: Annotated[
        tuple[Annotated[dict[str, Any], valid(TopologySpread)], ...],
        Accepts("a list of topology spread constraints", references.KUBERNETES_SPREAD, ([_SPREAD],)),
    ] = ()
    """Topology spread of the pods; over nodes when omitted."""

    @field_validator("topology_spread_constraints")
    @classmethod
    def _each_topology_once(cls, constraints: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        pairs = [(each["topologyKey"], each["whenUnsatisfiable"]) for each in constraints]
        if twice := [pair for pair in pairs if pairs.count(pair) > 1]:
            problem = f"must have each topologyKey once for each whenUnsatisfiable; repeated: {' and '.join(twice[0])}"
            reject(problem, "each pair once")
        return constraints
