"""Migrate to culvert: a stack file from what exists, such as files of cloudflared, Kubernetes objects or chart
values."""
