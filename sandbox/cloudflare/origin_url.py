"""Origin URLs, parsed as Go's url.Parse parses http URLs and checked as the connector checks them."""

import ipaddress
import re

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://(?P<authority>[^/?#]*)(?P<path>[^?#]*))?.*", re.DOTALL)
# Characters that Go accepts unescaped in a host name, all non-ASCII ones included.
_NAME = r"(?:[A-Za-z0-9\-_.~!$&'()*+,;=<>\"]|[^\x00-\x7f]|%[89A-Fa-f][0-9A-Fa-f])*"
_USER = r"(?:[A-Za-z0-9\-._:~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_AUTHORITY = re.compile(
    rf"(?:{_USER}@)?(?:\[(?P<ip>[0-9A-Fa-f:.]+)(?:%25[\w.~-]+)?\]|(?P<name>{_NAME}))(?::[0-9]*)?", re.ASCII
)


def problem(service: str) -> str:
    """What is wrong with an origin's URL, or "". It needs a scheme and a host, and has no path, not even a slash."""
    if re.search(r"[\x00-\x1f\x7f]", service):
        return f"{service!r}: invalid control character in URL"
    url = _URL.fullmatch(service)
    if url is None or not url["authority"]:
        return f"{service} is an invalid address, please make sure it has a scheme and a hostname"
    authority = _AUTHORITY.fullmatch(url["authority"])
    if authority is None or not _is_ipv6(authority["ip"] or "::"):
        return f"{service} is an invalid address: the host or the port is malformed"
    if not (authority["ip"] or authority["name"]):
        return f"{service} is an invalid address, please make sure it has a scheme and a hostname"
    if url["path"]:
        return (
            f"{service} is an invalid address, ingress rules don't support proxying to a different path on the origin "
            "service. The path will be the same as the eyeball request's path"
        )
    return ""


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
