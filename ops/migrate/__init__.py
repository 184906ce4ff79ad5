"""Migrate to culvert: a stack file from a locally managed cloudflared, or from a tunnel of adyanth/cloudflare-operator."""
