"""A Kubernetes cluster to rehearse against: the sandbox's own control plane, or one that a kubeconfig names."""

from sandbox.cluster.access import external
from sandbox.cluster.control_plane import PROGRAMS
from sandbox.cluster.embedded import start, stop
from sandbox.cluster.network_policy_crds import definitions
from sandbox.cluster.nodes import stages

__all__ = ["PROGRAMS", "definitions", "external", "stages", "start", "stop"]
