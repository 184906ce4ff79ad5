"""Hostnames of rules that cloudflared never finds in a request: it compares them character by character.

Source: `matchHost` and `validateIngress` in `ingress/ingress.go` of https://github.com/cloudflare/cloudflared. A name
without a wildcard is compared in lower case and in punycode too.
"""


def never_matches(hostname: str) -> str:
    """Why no request has a hostname that matches; empty where one may."""
    if hostname.endswith("."):
        return "cloudflared never matches it: the hostname of a request has no final dot"
    if not hostname.startswith("*"):
        return ""
    if not hostname.startswith("*."):
        return "cloudflared never matches it: * is a wildcard as the whole first label alone"
    if hostname != hostname.lower():
        return "cloudflared never matches it: it compares a wildcard with upper-case letters as it is written"
    if not hostname.isascii():
        return "cloudflared never matches it: it compares a wildcard as it is written, and requests have punycode"
    return ""
