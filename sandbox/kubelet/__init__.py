"""The connector's pods, run for real: for each pod of the embedded cluster, cloudflared as a process of this machine.

`python -m sandbox.kubelet` does for these pods what a kubelet does: arguments, environment, Secret values, mounted files,
probes, restarts, orderly ends. What differs, because there are no containers, is written where it is done: paths and
addresses of its arguments and environment are translated (`recipe`), those that rules name are there for the process alone
(`enclosed`), and Services answer through a proxy (`origins`), or at addresses of this machine (`service_names`).
"""
