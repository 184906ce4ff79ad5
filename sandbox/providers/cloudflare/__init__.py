"""The cloudflare plugin: a table of resources over the v4 API, planned and sent as the official one does.

The official plugin bridges terraform-provider-cloudflare v5, whose resources are generated from one description of
the API; so one table (`resources`, `access`) and one set of rules (`fields`) say what is sent, kept, read back and
replaced.
"""
