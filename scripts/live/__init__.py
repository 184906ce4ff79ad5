"""`make live`: the sandbox's end-to-end steps against a real account, zone and cluster (docs/live.md).

A proxy on loopback stands between the run and Cloudflare's API. It records each call, and refuses a write to anything
that the run did not create. Afterwards the same calls go to an emulator, and a report compares the replies.
"""
