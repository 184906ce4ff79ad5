"""The kinds of objects that a stack file asks for are those that the program registers."""

import json
import runpy

import yaml

from ops.declared_kinds import cloudflare_kinds, object_kinds
from ops.recover.cloudflare_kinds import AFTER_THE_CONNECTOR, BEFORE_THE_CONNECTOR
from settings import Settings
from tests.support.mock_recorder import recorder
from tests.support.paths import PROJECT
from tests.support.sealed_secrets import certificate

# Without the example that adopts a tunnel and a record, which no mock has.
EXAMPLES = sorted({*(PROJECT / "examples" / "stacks").glob("*.yaml")} - {*PROJECT.glob("examples/stacks/*adoption*")})
OF_CLOUDFLARE = {kind.type for kind in (*BEFORE_THE_CONNECTOR, *AFTER_THE_CONNECTOR)}


def test_the_kinds_of_each_example_are_those_that_the_program_registers() -> None:
    compared = set[str]()
    with recorder() as deploy:
        for file in EXAMPLES:
            config = yaml.safe_load(file.read_text())["config"]
            if config.get("culvert:token", {}).get("delivery") == "sealed":
                config["culvert:token"]["certificate"] = certificate()
            given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
            recorded = deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), "dev", given)
            registered = {resource.type for resource in recorded.resources}
            settings = Settings.parse({key.removeprefix("culvert:"): value for key, value in config.items()})
            of_cluster = {type_ for type_ in registered if type_.startswith("kubernetes:")}
            assert {kind.type for kind in object_kinds(settings)} == of_cluster, file.name
            assert registered & OF_CLOUDFLARE <= cloudflare_kinds(settings), file.name
            compared |= of_cluster
    assert len(compared) > 12
