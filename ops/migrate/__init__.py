"""Migrate to culvert: a stack file from a locally managed cloudflared, or from adyanth/cloudflare-operator."""
