"""Checks of a deployed stack: `cloudflare`, `cluster` and `public` gather, the other modules judge one subject each."""
