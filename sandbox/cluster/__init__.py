"""A Kubernetes cluster for rehearsals: the sandbox's own control plane, or an external cluster."""

from sandbox.cluster.control_plane import PROGRAMS
from sandbox.cluster.embedded import kubeconfig, start, stop
from sandbox.cluster.kwok_stages import stages
from sandbox.cluster.network_policy_crds import definitions

__all__ = ["PROGRAMS", "definitions", "kubeconfig", "stages", "start", "stop"]
