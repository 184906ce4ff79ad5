"""The cloudflare plugin: a table of resources over the v4 API, planned and sent as the official one does.

The official plugin bridges terraform-provider-cloudflare v5, whose resources are generated from one description of
the API; so tables of properties (`tunnels`, `records`, `rulesets`, `access`, `notifications`) and one set of rules
(`plans`, `wire`) say what is sent, kept, read back and replaced. It differs on purpose where it is stricter or does
not wait for nothing: an unknown property is refused (the real one drops it unseen), and 409 is not tried again (the
real one tries for minutes). The bridge's own `__pulumi_raw_state_delta` is left out of the state: the official plugin
makes it anew.
"""
