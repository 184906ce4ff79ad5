"""Extra variables and volumes of the connector that are rejected."""

import pytest

from settings import OWN_VARIABLES
from tests.support.settings_examples import TOKEN, Case, assert_rejected, connector, variable, volume

VARIABLE, VOLUME = "connector.extraEnv[0]", "connector.extraVolumes[0]"
EXTRAS: dict[str, Case] = {
    "a variable of no name": (
        variable(name="a b", value="1"),
        f"{VARIABLE}.name",
        "is not a valid name of an environment variable",
    ),
    "the token's variable": (variable(name="TUNNEL_TOKEN", value="1"), f"{VARIABLE}.name", "the stack's own Secret"),
    "credentials of another tunnel": (variable(name="TUNNEL_CRED_FILE", value="/c"), f"{VARIABLE}.name", "own Secret"),
    "a bastion by variable": (
        variable(name="TUNNEL_BASTION", value="true"),
        f"{VARIABLE}.name",
        "lets the visitor choose the destination, which no network policy can",
    ),
    "a variable of culvert's": (
        variable(name="TUNNEL_METRICS", value=":1"),
        f"{VARIABLE}.name",
        "is set by culvert, which relies on its value",
    ),
    **{
        f"a variable for {key}": (
            variable(name=name, value="x"),
            f"{VARIABLE}.name",
            f'"{name}" is set by connector.{key}. Accepted: connector.{key}, or another name',
        )
        for name, key in OWN_VARIABLES.items()
        if key
    },
    "a variable without a value": (
        variable(name="A"),
        VARIABLE,
        "must have exactly one of value and valueFrom, but has none of them",
    ),
    "a variable with two values": (
        variable(name="A", value="1", valueFrom={"fieldRef": {"fieldPath": "spec.nodeName"}}),
        VARIABLE,
        "must have exactly one of value and valueFrom, but has value and",
    ),
    "a variable by number": (variable(name="A", value=4), f"{VARIABLE}.value", "in quotes"),
    "a variable from an unknown place": (
        variable(name="A", valueFrom={"vault": {}}),
        f"{VARIABLE}.valueFrom",
        "exactly one of secretKeyRef",
    ),
    "a variable from two places": (
        variable(name="A", valueFrom={"secretKeyRef": {}, "configMapKeyRef": {}}),
        f"{VARIABLE}.valueFrom",
        "must have exactly one known source of the value",
    ),
    "a token in a variable": (
        variable(name="A", value=TOKEN),
        f"{VARIABLE}.value",
        '"[hidden]" is a connector token, which everyone with access to pods',
    ),
    "a variable twice": (
        connector(extraEnv=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        "connector.extraEnv",
        "must have each name once; repeated: A",
    ),
    "a volume of the host": (
        volume(secret=None, hostPath={"path": "/"}),
        VOLUME,
        "must not use hostPath: restricted Pod Security forbids it",
    ),
    "a volume of nothing": (volume(secret=None), VOLUME, "exactly one of secret, configMap"),
    "a volume of two things": (
        volume(emptyDir={}),
        VOLUME,
        "must have exactly one of secret, configMap, emptyDir, projected, csi",
    ),
    "a volume of another kind": (
        volume(nfs={"server": "a"}),
        f"{VOLUME}.nfs",
        'is an unknown setting, set to {"server": "a"}',
    ),
    "a volume with culvert's name": (volume(name="culvert-token"), f"{VOLUME}.name", "does not begin with culvert-"),
    "a volume of no name": (volume(name="Origin CA"), f"{VOLUME}.name", "a DNS label"),
    "a relative mount": (volume(mountPath="etc/ca"), f"{VOLUME}.mountPath", "is not an absolute path below /"),
    "a mount over everything": (volume(mountPath="/"), f"{VOLUME}.mountPath", "is not an absolute path below /"),
    "a mount that climbs": (volume(mountPath="/srv/../etc/culvert"), f"{VOLUME}.mountPath", "an absolute path"),
    "a mount over the token": (volume(mountPath="/etc/culvert/token"), f"{VOLUME}.mountPath", "hide the connector's"),
    "a mount around the token": (volume(mountPath="//etc/"), f"{VOLUME}.mountPath", "hide the connector's token"),
    "a volume twice": (
        connector(extraVolumes=[{"name": "a", "mountPath": path, "emptyDir": {}} for path in ("/a", "/b")]),
        "connector.extraVolumes",
        "each name once",
    ),
    "two volumes in one place": (
        connector(extraVolumes=[{"name": name, "mountPath": "/a", "emptyDir": {}} for name in ("a", "b")]),
        "connector.extraVolumes",
        "each mountPath once",
    ),
}


@pytest.mark.parametrize("case", EXTRAS.values(), ids=EXTRAS)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)
