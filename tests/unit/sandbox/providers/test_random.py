"""Random values with the official plugin's ids, outputs and secrets."""

import base64
import re
from typing import Any

import bcrypt
import pytest

from sandbox.providers.values import UNKNOWN, Secret
from tests.support.plugin_client import Goal, MiniEngine, Plugin, PluginError, mask_secrets, trace

PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type
BYTES = "random:index/randomBytes:RandomBytes"
ID = "random:index/randomId:RandomId"
STRING = "random:index/randomString:RandomString"


def test_the_id_of_random_bytes_is_their_value_in_plain_text(random: Plugin) -> None:
    made = random.create(BYTES, {"length": 32})
    assert made.outputs["base64"] == Secret(made.id)
    assert made.outputs["hex"] == Secret(base64.b64decode(made.id).hex())


def test_random_bytes_have_the_official_plugins_state(random: Plugin) -> None:
    official = next(one for one in trace("state") if one["name"] == "sec")
    made = random.create(BYTES, random.check(BYTES, official["inputs"]))
    assert mask_secrets(made.outputs) == official["outputs"]


def test_a_passwords_id_is_constant_and_its_value_secret(random: Plugin) -> None:
    made = random.create(PASSWORD, random.check(PASSWORD, {"length": 40, "special": False}))
    assert made.id == made.outputs["id"] == "none"
    assert isinstance(made.outputs["result"], Secret)
    assert re.fullmatch(r"[0-9A-Za-z]{40}", made.outputs["result"].value)
    assert bcrypt.checkpw(made.outputs["result"].value.encode(), made.outputs["bcryptHash"].value.encode())
    settings = {key: value for key, value in made.outputs.items() if key not in ("id", "result", "bcryptHash")}
    yes = dict.fromkeys(("lower", "upper", "number", "numeric"), True)
    none = dict.fromkeys(("minLower", "minNumeric", "minSpecial", "minUpper"), 0)
    assert settings == {"length": 40, "special": False, **yes, **none}


def test_two_passwords_differ(random: Plugin) -> None:
    made = [random.create(PASSWORD, {"length": 20}).outputs["result"].value for _ in range(2)]
    assert made[0] != made[1]


def test_a_password_has_the_minimum_of_each_class(random: Plugin) -> None:
    asked = {"length": 8, "minLower": 2, "minUpper": 2, "minNumeric": 2, "minSpecial": 2, "overrideSpecial": "~"}
    text = random.create(PASSWORD, asked).outputs["result"].value
    assert sorted(re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "0", text)))) == list("00AAaa~~")


def test_a_string_and_an_id_are_not_secret(random: Plugin) -> None:
    text = random.create(STRING, {"length": 6, "upper": False, "special": False})
    assert re.fullmatch("[a-z0-9]{6}", text.id)
    assert text.outputs["result"] == text.id
    made = random.create(ID, {"byteLength": 4, "prefix": "p-"})
    assert made.outputs["hex"] == "p-" + base64.urlsafe_b64decode(made.id + "==").hex()


@pytest.mark.parametrize(
    ("type", "inputs", "message"),
    [
        (PASSWORD, {}, "length: Missing required property 'length'"),
        (PASSWORD, {"length": 0}, "length must be a whole number of at least 1, got: 0"),
        (PASSWORD, {"length": 3, "minLower": 2, "minUpper": 2}, "at least 4, got: 3"),
        (PASSWORD, {"length": "long"}, "length must be a whole number"),
        (BYTES, {"length": 32, "special": False}, "special: unknown property special; must be one of keepers, length"),
        ("random:index/randomPet:RandomPet", {}, "randomPet:RandomPet is not supported by the stand-in"),
    ],
)
def test_invalid_inputs_are_refused(random: Plugin, type: str, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        random.check(type, inputs)


def test_a_preview_generates_nothing(random: Plugin) -> None:
    planned = random.create(PASSWORD, {"length": 40}, preview=True)
    assert planned.id == ""
    assert planned.outputs["result"] == Secret(UNKNOWN)
    assert planned.outputs["length"] == 40


def test_a_changed_keeper_replaces(random: Plugin) -> None:
    def program(epoch: str) -> list[Goal]:
        return [Goal("sec", BYTES, lambda _: {"length": 32, "keepers": {"epoch": epoch}})]

    engine = MiniEngine(random)
    assert engine.up(program("1")) == {"sec": "create"}
    first = engine.state["sec"]
    assert engine.up(program("1")) == {"sec": "same"}
    assert engine.refresh() == {"sec": "same"}
    row = next(row for row in trace("preview") if row["name"] == "sec")
    diff = random.diff(first, {"length": 32, "keepers": {"epoch": "2"}})
    assert (list(diff.diffs), list(diff.replaces)) == (row["diffReasons"], row["replaceReasons"])
    assert engine.up(program("2")) == {"sec": "replace"}
    assert engine.state["sec"].id != first.id
