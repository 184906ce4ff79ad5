"""Service URLs that are rejected."""

import pytest

from tests.support.settings_examples import Case, a_route, assert_rejected, values

SERVICES: dict[str, Case] = {
    name: (values(a_route(service=service)), "routes[0].service", words)
    for name, service, words in (
        ("a service without a scheme", "blog:80", "has no scheme"),
        ("a service with an unknown scheme", "ftp://blog", "has the scheme ftp, which the connector does not support"),
        ("a service with a path", "http://blog/v1", "the visitor's own path"),
        ("a service with two slashes at its end", "http://blog//", "the visitor's own path"),
        ("a service with a query", "http://blog?v=1", "the visitor's own query"),
        ("a service with a fragment", "http://blog#top", "the visitor's own query"),
        (
            "a service with a password",
            "http://me:secret@blog",
            '"[hidden]" must not have a password, which would be readable in the',
        ),
        ("a service without a host", "http://:80", "has no host"),
        ("a service with a space", "http://my blog", "has characters that are not allowed in a URL"),
        (
            "tcp without a port",
            "tcp://postgres",
            "must have a port: tcp has no default, and the connector would use 7864",
        ),
        ("a port beyond the last", "http://blog:65536", "a port from 1 to 65535"),
        ("port 0", "http://blog:0", "a port from 1 to 65535"),
        ("a colon without a port", "http://blog:", "a port from 1 to 65535"),
        ("a port by name", "http://blog:http", "a port from 1 to 65535"),
        ("a Service's name that begins with a digit", "http://1blog", "is not a valid name of a Service"),
        ("a Service's namespace with an underscore", "http://blog.my_web.svc", "is not a valid name of a namespace"),
        (
            "the connector itself by name",
            "http://localhost:2000",
            "is the connector itself: the address is inside its own pod",
        ),
        (
            "the connector itself by address",
            "http://127.0.0.1:2000",
            "is the connector itself: the address is inside its own pod",
        ),
        (
            "the connector itself by IPv6",
            "http://[::1]:2000",
            "is the connector itself: the address is inside its own pod",
        ),
        ("the connector itself in disguise", "http://[::ffff:127.0.0.1]:2000", "is an IPv4 address mapped to IPv6"),
        (
            "a cloud's metadata",
            "http://169.254.169.254",
            "is the metadata service of most clouds: it gives the machine's credentials",
        ),
        ("half an address", "http://10.0.0", "is not a domain name"),
        ("half an IPv6 address", "http://[fd00::1", "is not a URL (Invalid IPv6 URL)"),
        (
            "an external name under strict",
            "https://origin.example.org",
            "has a DNS name outside the cluster, which a strict network policy",
        ),
        ("a bastion", "bastion", "lets the visitor choose the destination, which no network policy can"),
        ("a SOCKS proxy", "socks-proxy", "lets the visitor choose the destination"),
        ("a status below 100", "http_status:99", "a number from 100 to 999"),
        ("a status above 999", "http_status:1000", "a number from 100 to 999"),
        ("a status that is no number", "http_status:gone", "a number from 100 to 999"),
        ("a socket by a relative path", "unix:app.sock", "unix:/app.sock"),
        ("a socket of nothing", "unix+tls:", "unix+tls:/run/app.sock"),
        ("an empty service", "", "has no scheme"),
    )
}


@pytest.mark.parametrize("case", SERVICES.values(), ids=SERVICES)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)
