"""Verify a deployed stack against Cloudflare's API, the cluster, a connector's pod and the public hostnames.

Modules that read (`http_probe`, `debug_container`, and `clients`) return plain values; modules under `checks` judge
them and do no I/O, except the three that gather one layer: `checks.cloudflare`, `checks.cluster` and `checks.public`.
"""
