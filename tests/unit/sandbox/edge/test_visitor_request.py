"""Which hostname a visitor asks for, and under which address the visitor knows it."""

import h11
import pytest

from sandbox.edge import visitor_request
from sandbox.edge.visitor_request import VisitorRequest


class Connection:
    secure = False
    peer = "127.0.0.1"


def parse(host: str, *, target: str = "/", secure: bool = False) -> VisitorRequest:
    connection = Connection()
    connection.secure = secure
    request = h11.Request(method="GET", target=target, headers=[("host", host)])
    return visitor_request.parse(request, connection)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("asked", "host", "authority"),
    [
        ("Blog.example.com:8088", "blog.example.com", b"blog.example.com:8088"),
        ("Blog.example.com.localhost:8088", "blog.example.com", b"blog.example.com"),
        ("blog.example.com.localhost.", "blog.example.com", b"blog.example.com"),
        ("localhost:8088", "localhost", b"localhost:8088"),
        ("blog.localhost.example.com", "blog.localhost.example.com", b"blog.localhost.example.com"),
    ],
)
def test_a_name_under_localhost_is_the_hostname_before_it(asked: str, host: str, authority: bytes) -> None:
    request = parse(asked)
    assert (request.host, request.authority) == (host, authority)


def test_a_proxys_client_may_ask_for_a_name_under_localhost() -> None:
    assert parse("proxy", target="http://blog.example.com.localhost/a?b").host == "blog.example.com"


@pytest.mark.parametrize(
    ("asked", "secure", "url"),
    [
        ("blog.example.com", False, "https://wiki.example.com"),
        ("blog.example.com:8088", True, "https://wiki.example.com"),
        ("blog.example.com.localhost:8088", False, "http://wiki.example.com.localhost:8088"),
        ("blog.example.com.localhost:8088", True, "https://wiki.example.com.localhost:8088"),
    ],
)
def test_a_visitor_is_sent_to_addresses_that_open_like_its_own(asked: str, secure: bool, url: str) -> None:
    assert parse(asked, secure=secure).url("wiki.example.com") == url
