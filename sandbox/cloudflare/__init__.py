"""An emulator of the Cloudflare v4 API: the calls a tunnel needs, stateful and strict, on loopback.

`python -m sandbox.cloudflare` serves it. It refuses what the service refuses, with the service's codes where those are
known from documentation or reports; where they are not, the code is the nearest known one and the constant says so.
State is one SQLite file, which other parts of the sandbox may open too (`store.Store`).
"""
