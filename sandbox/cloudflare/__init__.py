"""An emulator of the Cloudflare v4 API: the calls a tunnel needs, stateful and strict, on loopback.

`python -m sandbox.cloudflare` serves it. It refuses what the service refuses, with the service's codes where those are
known from documentation or reports; where they are not, the code is the nearest known one and its constant says so.
State is one SQLite file, which other parts of the sandbox may open too (`store.Store`).

Each resource of the API is one module under `resources`: its model, its validation, and a subclass of `crud.Resource`,
or routes of its own where it is not a collection. `app.RESOURCES` lists them.
"""
