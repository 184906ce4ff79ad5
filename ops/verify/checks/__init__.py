"""Checks of `verify`, one module for each layer that gathers (cloudflare, cluster, public) and for each subject judged."""
