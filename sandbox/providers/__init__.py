"""Small stand-ins for the official Pulumi plugins random, cloudflare and kubernetes.

They speak the engine's resource-provider protocol and are attached with `PULUMI_DEBUG_PROVIDERS=name:port,…`, for
machines where the official plugins are neither installed nor downloadable. One generic servicer (`servicer`) converts
the protocol to plain Python values (`values`) for three small implementations. Each refuses what the official plugin
refuses and stores the same ids, outputs and secrets in the state.
"""
