"""Resources of the state that no longer exist, as after a destroy that was interrupted."""

from typing import Any

from ops.recover.cloudflare_kinds import RECORD, TUNNEL
from ops.recover.live_resources import LiveResources
from ops.recover.missing import missing
from ops.recover.object_kinds import NAMESPACE, SECRET
from ops.recover.survey import Survey
from tests.support.api_server import FakeApiServer
from tests.support.emulator import ACCOUNT, RECORDS, TUNNELS, ZONE, Emulator


def resource(type: str, name: str, id: str, **inputs: str) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::culvert::{type}::{name}", "type": type, "id": id, "inputs": inputs}


def test_what_was_deleted_is_missing(emulator: Emulator, cluster: FakeApiServer, everywhere: LiveResources) -> None:
    tunnels = [emulator.done("POST", TUNNELS, {"name": name, "config_src": "cloudflare"})["id"] for name in ("a", "b")]
    record = {"type": "CNAME", "content": "a.example.net", "proxied": True, "ttl": 1}
    records = [emulator.done("POST", RECORDS, {**record, "name": f"{name}.example.com"})["id"] for name in ("a", "b")]
    cluster.add("v1", "Namespace", "blog", None)
    cluster.add("v1", "Secret", "token")
    # A deleted tunnel is still listed, so a refresh keeps it in the state.
    emulator.done("DELETE", f"{TUNNELS}/{tunnels[1]}")
    emulator.done("DELETE", f"{RECORDS}/{records[1]}")
    entries = [
        *(resource(TUNNEL.type, f"tunnel-{id}", id, accountId=ACCOUNT) for id in tunnels),
        *(resource(RECORD.type, f"record-{id}", id, zoneId=ZONE) for id in records),
        resource(NAMESPACE.type, "namespace", "blog"),
        resource(SECRET.type, "kept", "blog/token"),
        resource(SECRET.type, "gone", "blog/old"),
        resource("random:index/randomPassword:RandomPassword", "secret", "none"),
    ]
    surveyed = Survey()
    gone = missing({"version": 3, "deployment": {"resources": entries}}, surveyed, everywhere)
    assert [each["id"] for each in gone] == [tunnels[1], records[1], "blog/old"]
    assert surveyed.unread == []


def test_what_may_not_be_read_is_unknown(cluster: FakeApiServer, everywhere: LiveResources) -> None:
    cluster.add("v1", "Secret", "token")
    cluster.readable = set()
    surveyed = Survey()
    state = {"version": 3, "deployment": {"resources": [resource(SECRET.type, "secret", "blog/token")]}}
    assert missing(state, surveyed, everywhere) == []
    assert surveyed.unread[0].startswith("secret: ")
