"""Clients of the APIs outside: Cloudflare, Kubernetes, and the values of Pulumi's engine."""
