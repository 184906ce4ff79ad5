"""Small stand-ins for the official Pulumi plugins random, cloudflare and kubernetes.

They speak the engine's resource-provider protocol and are attached with `PULUMI_DEBUG_PROVIDERS=name:port,…`, for
machines where the official plugins are neither found nor can be downloaded. One generic servicer (`servicer`) turns
the protocol into plain Python values (`values`) for three small implementations; each refuses what the official
plugin refuses and keeps the same ids, outputs and secrets in the state.
"""
