"""The cloudflare plugin: a table of resource types over the v4 API, planned and sent as the official plugin does.

The official plugin bridges terraform-provider-cloudflare v5, whose resources are generated from one description of
the API; so tables of properties (`tunnels`, `records`, `rulesets`, `access`, `notifications`, …) and one set of rules
(`planning`, `serialization`) define what is sent, stored, read back and replaced. Deliberate differences: an unknown
property is refused (the official plugin drops it silently), and 409 is not retried (the official plugin retries for
minutes). The bridge's `__pulumi_raw_state_delta` is not in the state: the official plugin creates it again.
"""
