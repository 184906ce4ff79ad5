"""The network's edge on this machine: what a connector dials and what a visitor meets.

`python -m sandbox.edge` serves both on loopback, from the emulated API's own records, tunnels and rules. Connectors are
unmodified: they come in with cloudflared's own settings (`TUNNEL_EDGE`, `TUNNEL_CACERT`). Both transports are spoken, HTTP/2 and QUIC.
The protocol is published nowhere; every module names the file of cloudflare/cloudflared that it was written from.
"""
