"""A visitor's request, for tests of expressions and WAF rules."""

from typing import Any

from sandbox.edge.visitor_request import VisitorRequest


def visitor_request(**changes: Any) -> VisitorRequest:
    fields = {
        "method": b"GET",
        "host": "blog.example.com",
        "authority": b"blog.example.com",
        "target": b"/Admin/login?next=%2F",
        "headers": [(b"user-agent", b"curl/8.5"), (b"cookie", b"a=b")],
        "upgrade": b"",
        "has_body": False,
        "secure": True,
        "address": "203.0.113.7",
        "country": "NZ",
    }
    return VisitorRequest(**{**fields, **changes})
