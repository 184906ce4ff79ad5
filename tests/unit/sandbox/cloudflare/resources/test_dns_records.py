"""DNS records: validation, duplicates, updates and filters."""

from typing import Any

import pytest

from tests.support.emulator import OTHER_ZONE, RECORDS, Emulator, refusal

TARGET = "00000000-0000-4000-8000-000000000000.cfargotunnel.com"


def record(**changes: Any) -> dict[str, Any]:
    return {"name": "blog.example.com", "type": "CNAME", "content": TARGET, "proxied": True, "ttl": 1, **changes}


def address(**changes: Any) -> dict[str, Any]:
    return record(**{"type": "A", "content": "192.0.2.1", **changes})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("blog", "blog.example.com"),
        ("Blog.Example.COM", "blog.example.com"),
        ("blog.example.com.", "blog.example.com"),
        ("@", "example.com"),
        ("example.com", "example.com"),
        ("*.example.com", "*.example.com"),
        ("*.shop", "*.shop.example.com"),
        ("_dmarc", "_dmarc.example.com"),
        ("bücher", "xn--bcher-kva.example.com"),
        ("blog.example.net", "blog.example.net.example.com"),
    ],
)
def test_names_are_stored_in_full_and_lower_case(emulator: Emulator, given: str, kept: str) -> None:
    assert emulator.done("POST", RECORDS, record(name=given))["name"] == kept


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, 9207)),
        (b"nothing", (400, 9207)),
        (b"[1]", (400, 9207)),
        (b'{"name": "x", "type": "TXT", "content": "\\ud800"}', (400, 9207)),
        ({}, (400, 9000)),
        (record(name=""), (400, 9000)),
        (record(name=7), (400, 9000)),
        (record(name="under score"), (400, 9000)),
        (record(name="a..b"), (400, 9000)),
        (record(name="-a"), (400, 9000)),
        (record(name="a.*.b"), (400, 9000)),
        (record(name="a*"), (400, 9000)),
        (record(name="x" * 64), (400, 9000)),
        (record(name=".".join(["x" * 60] * 5)), (400, 9000)),
        (record(type="cname"), (400, 9002)),
        (record(type=None), (400, 9002)),
        (record(proxied="true"), (400, 9003)),
        (record(proxied=1), (400, 9003)),
        (record(type="TXT", content="x"), (400, 9004)),
        (address(content="192.0.2.256"), (400, 9005)),
        (address(content="2001:db8::1"), (400, 9005)),
        (address(type="AAAA", content="192.0.2.1"), (400, 9005)),
        (address(content=None), (400, 9005)),
        (record(content=""), (400, 9005)),
        (record(content="192.0.2.1"), (400, 9007)),
        (record(content="nodot"), (400, 9007)),
        (record(content="http://example.net"), (400, 9007)),
        (record(content="blog.example.com"), (400, 9039)),
        (record(content="BLOG.example.com."), (400, 9039)),
        (record(ttl=120), (400, 9021)),
        (record(ttl=300, proxied=False, name="x"), None),
        (record(ttl=30, proxied=False), (400, 9021)),
        (record(ttl=86401, proxied=False), (400, 9021)),
        (record(ttl="1"), (400, 9021)),
        (record(ttl=True), (400, 9021)),
        (record(ttl=1.0), (400, 9021)),
        (record(comment="x" * 100), None),
        (record(comment="x" * 101), (400, 9301)),
        (record(comment=7), (400, 9207)),
        (record(tags=["team:web"]), (400, 9300)),
        (record(settings=[]), (400, 9207)),
        (record(priority="10"), (400, 9207)),
        (record(data={"flags": 0}), (400, 9005)),
    ],
)
def test_a_malformed_record_is_refused(emulator: Emulator, body: Any, expected: tuple[int, int] | None) -> None:
    reply = emulator.call("POST", RECORDS, body)
    if expected is None:
        assert reply.status_code == 200
    else:
        assert refusal(reply) == expected
        assert emulator.done("GET", RECORDS) == []


@pytest.mark.parametrize(
    ("there", "second", "expected"),
    [
        (record(), record(content="other.example.net"), (400, 81053)),
        (record(), record(), (400, 81053)),
        (record(), address(), (400, 81053)),
        (address(), record(), (400, 81053)),
        (address(type="AAAA", content="2001:db8::1"), record(name="BLOG"), (400, 81053)),
        (address(), address(), (400, 81058)),
        (address(), address(content="192.0.2.2"), None),
        (address(), address(type="AAAA", content="2001:db8::1"), None),
        (record(), record(name="other"), None),
        (record(), record(type="TXT", content="x", proxied=False), None),
    ],
)
def test_a_second_record_for_a_host_is_refused(
    emulator: Emulator, there: dict[str, Any], second: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    emulator.done("POST", RECORDS, there)
    reply = emulator.call("POST", RECORDS, second)
    assert (None if reply.status_code == 200 else refusal(reply)) == expected


def test_the_same_host_in_another_zone_does_not_conflict(emulator: Emulator) -> None:
    emulator.done("POST", RECORDS, record(name="blog"))
    emulator.done("POST", f"/zones/{OTHER_ZONE}/dns_records", record(name="blog"))


def test_put_keeps_the_id_and_resets_absent_fields(emulator: Emulator) -> None:
    made = emulator.done("POST", RECORDS, record(comment="one"))
    changed = emulator.done("PUT", f"{RECORDS}/{made['id']}", record(content="other.example.net"))
    assert (changed["id"], changed["content"], changed["comment"]) == (made["id"], "other.example.net", None)
    assert changed["created_on"] == made["created_on"]
    assert changed["modified_on"] > made["modified_on"]
    assert emulator.done("GET", f"{RECORDS}/{made['id']}") == changed


def test_patch_keeps_absent_fields(emulator: Emulator) -> None:
    made = emulator.done("POST", RECORDS, record(comment="one"))
    changed = emulator.done("PATCH", f"{RECORDS}/{made['id']}", {"content": "other.example.net"})
    assert (changed["content"], changed["comment"]) == ("other.example.net", "one")
    assert changed["comment_modified_on"] == made["comment_modified_on"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_onto_another_records_host_is_refused(emulator: Emulator, method: str) -> None:
    emulator.done("POST", RECORDS, record())
    other = emulator.done("POST", RECORDS, record(name="other"))
    assert refusal(emulator.call(method, f"{RECORDS}/{other['id']}", record())) == (400, 81053)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", record()), ("PATCH", {}), ("DELETE", None)])
def test_an_unknown_record_is_not_found(emulator: Emulator, method: str, body: Any) -> None:
    made = emulator.done("POST", RECORDS, record(name="there"))
    assert emulator.done("DELETE", f"{RECORDS}/{made['id']}") == {"id": made["id"]}
    assert refusal(emulator.call(method, f"{RECORDS}/{made['id']}", body)) == (404, 81044)


def test_a_record_is_not_found_through_another_zone(emulator: Emulator) -> None:
    made = emulator.done("POST", RECORDS, record())
    path = f"/zones/{OTHER_ZONE}/dns_records/{made['id']}"
    assert refusal(emulator.call("GET", path)) == (404, 81044)
    assert refusal(emulator.call("DELETE", path)) == (404, 81044)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b", "mail"]),
        ("name=a.example.com", ["a"]),
        ("name.exact=A.example.com", ["a"]),
        ("name.contains=ai", ["mail"]),
        ("name.startswith=b", ["b"]),
        ("type=A", ["mail"]),
        ("content=192.0.2.1", ["mail"]),
        ("proxied=true", ["a"]),
        ("comment=culvert/dev", ["a"]),
        ("comment.startswith=culvert/", ["a", "b"]),
        ("comment.absent=true", ["mail"]),
        ("type=A&name=a.example.com", []),
        ("type=A&name=a.example.com&match=any", ["a", "mail"]),
        ("direction=desc", ["mail", "b", "a"]),
    ],
)
def test_records_are_filtered_by_their_fields(emulator: Emulator, query: str, found: list[str]) -> None:
    emulator.done("POST", RECORDS, record(name="a", comment="culvert/dev"))
    emulator.done("POST", RECORDS, record(name="b", comment="culvert/prod", proxied=False))
    emulator.done("POST", RECORDS, address(name="mail", proxied=False))
    names = [each["name"].removesuffix(".example.com") for each in emulator.done("GET", f"{RECORDS}?{query}")]
    assert names == found
