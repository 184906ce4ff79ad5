"""Connections inside a cluster: where a Service leads, and whether the network policies allow it.

One reader of Services and of network policies (Kubernetes', Calico's, Cilium's), shared by the sandbox, `ops verify`
and the tests. It reads plain objects of the API server and makes no request itself.
"""

from traffic.flow import Flow, Host
from traffic.judge import Verdict, judge

__all__ = ["Flow", "Host", "Verdict", "judge"]
