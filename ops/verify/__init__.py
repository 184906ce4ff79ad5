"""Is it really so? What was declared, compared with what the API, the cluster, a connector's pod and a visitor see.

Readers (`cloudflare`, `cluster`, `debug`, `visit`) bring plain values in, and what judges them does no I/O.
"""
