"""The connector's pods, run for real: for each pod of the embedded cluster, cloudflared as a process of this machine.

`python -m sandbox.connectors` does for these pods what a kubelet does: arguments, environment, Secret values, mounted files,
probes, restarts, orderly ends. What differs, because there are no containers, is written where it is done: paths and
addresses are translated (`recipe`), and Services answer through a proxy (`origins`).
"""
