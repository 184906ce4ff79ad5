"""Clients of Cloudflare and Kubernetes, their errors, and the value markers of Pulumi's engine."""
