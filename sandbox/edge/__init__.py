"""Cloudflare's edge on this machine: the addresses that connectors dial and the front end that visitors reach.

`python -m sandbox.edge` serves both on loopback, from the tunnels, DNS records and rules of the emulated API.
Connectors are unmodified: cloudflared's own settings (`TUNNEL_EDGE`, `TUNNEL_CACERT`) lead them here, over HTTP/2 or
QUIC. The protocol between edge and connector is undocumented; each module names the file of cloudflare/cloudflared that
it follows.
"""
