"""The kubelet of the connector's pods: it runs cloudflared as a process of this machine for each pod of the cluster.

`python -m sandbox.kubelet` does the work of a kubelet: arguments, environment, Secret values, mounted files, probes,
restarts and graceful termination. There are no containers, so three things differ. Paths and addresses in arguments and
environment are translated (`process_spec`), files that ingress rules name are visible to the process only
(`mount_namespace`), and Services answer through a proxy (`service_proxy`) or at loopback addresses (`service_names`).
"""
