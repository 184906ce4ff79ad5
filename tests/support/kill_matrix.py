"""Example stacks whose runs are killed after one of their writes, and completed by the next run."""

import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import yaml

from sandbox.engine.diagnostics import RunFailed
from sandbox.engine.engine import Engine
from scripts.kill_matrix.plan import ENGINE, EXAMPLES, SHARED, Kill
from settings import Settings
from tests.support.interrupted_engine import EngineHarness, quiet

Live = frozenset[tuple[str, str]]
"""What exists: pairs of kind and id."""


class ExampleStack:
    """One example stack file in a sandbox, under a stack name of its own."""

    def __init__(self, harness: EngineHarness, example: str) -> None:
        self.harness = harness
        self.name = f"kill-{example}"
        content: dict[str, Any] = yaml.safe_load(EXAMPLES[example].read_text())["config"]
        self.original = {key.removeprefix("culvert:"): value for key, value in content.items()}
        self._changes = self._renames = 0
        self.write()
        self.engine().export()
        self._shared: list[str] = []
        if example == SHARED:
            self._share_zone()
        self.before, self.foreign_rules = self._found()

    def _share_zone(self) -> None:
        path = f"/zones/{self.original['zones']['example.com']}/rulesets"
        rule = {"action": "block", "expression": 'http.host eq "old.example.com"', "description": "closed"}
        ruleset = {"name": "default", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [rule]}
        existing = [one for one in self.harness.box.api("GET", path) if one["phase"] == ruleset["phase"]]
        shared = existing[0] if existing else self.harness.box.api("POST", path, ruleset)
        self._shared = [f"{path}/{shared['id']}"]
        self.original["waf"]["adopt"] = [shared["id"]]
        self.write()

    def write(self) -> None:
        """Writes the stack file with the last change and the last names."""
        config = changed(self.original, self._changes) if self._changes else self.original
        config = renamed(config, self._renames) if self._renames else config
        self.config = self.harness.box.stack_file(self.name, config)

    def engine(self) -> Engine:
        """A new engine for the stack file as it is now."""
        return self.harness.engine_of(self.name, self.config)

    def run(self, operation: str, kill_after: int = 0, target: str = ENGINE) -> bool:
        """Runs the operation, and kills the target after so many writes; returns whether there were as many."""
        if operation == "up":
            self.destroy()
        else:
            self.create()
        name, _, program = operation.partition(" --")
        options = {"run_program": True} if program else {}
        if name in ("change", "rename"):
            self._changes += name == "change"
            self._renames += name == "rename"
            self.write()
            name = "up"
        killed = self.harness.killer.kill_after(
            kill_after, lambda: self.harness.run(name, self.name, self.config, **options), target
        )
        self.harness.start_providers()
        return killed

    def count_writes(self, operation: str) -> int:
        """Runs the operation undisturbed, and returns how many writes it has."""
        self.run(operation)
        return len(self.harness.killer.writes)

    def play(self, kill: Kill) -> str:
        """Kills a run and completes it; returns what was written last before it. Raises AssertionError."""
        reached = self.run(kill.operation, kill.write, kill.target)
        writes = self.harness.killer.writes
        assert reached, f"the run has {len(writes)} writes alone: {writes}"
        if kill.is_completed_by_destroy:
            self.engine().destroy(quiet)
            self.assert_absent()
        else:
            self.complete()
            self.assert_complete()
        return writes[kill.write - 1]

    def create(self) -> None:
        if not self.harness.checkpoint(self.name).get("resources"):
            self.engine().up(quiet)

    def complete(self) -> None:
        """Runs `up`; twice, if need be, where a tunnel is adopted: Cloudflare's plugin omits strings after a tunnel's
        new secret, and the rules that would be sent before it are there already (docs/adoption.md).
        """
        try:
            self.engine().up(quiet)
        except RunFailed as error:
            # The codes of rules without a service, and of a record without content.
            if "tunnel" not in self.original or not any(code in str(error) for code in ("1056", "9000")):
                raise
            self.engine().up(quiet)

    def destroy(self) -> None:
        if self.harness.checkpoint(self.name).get("resources"):
            self.engine().destroy(quiet)
            self.assert_absent()

    def remove(self) -> None:
        """Destroys the stack, and deletes what others had in its zone."""
        self.destroy()
        for ruleset in self._shared:
            self.harness.box.api("DELETE", ruleset)

    def assert_complete(self) -> None:
        """Asserts that API, cluster and state have each declared resource once and agree."""
        self._await_available()
        state = self.harness.checkpoint(self.name)
        assert not state.get("pending_operations"), state["pending_operations"]
        replaced = [resource["urn"] for resource in state["resources"] if resource.get("delete")]
        assert not replaced, replaced
        live, rules = self._found()
        recorded = self.recorded(state, live)
        left = live - self.before - recorded
        assert not left, f"not in the state: {left}; the last messages: {self.harness.messages[-9:]}"
        assert recorded <= live, f"only in the state: {recorded - live}"
        assert rules == self.foreign_rules, f"the rules of others are {rules}, and were {self.foreign_rules}"
        # The state is what the program declares, since `up` has ended; a refresh says whether it is what there is.
        refreshed = self.engine()._run(lambda stack, **to: stack.preview_refresh(**to), quiet, changes=False)
        assert refreshed.changes == [], refreshed.changes

    def assert_absent(self) -> None:
        assert not self.harness.checkpoint(self.name).get("resources"), "the state has resources"
        live, rules = self._found()
        # Adopted resources were there before, and are deleted with the stack.
        assert live <= self.before, f"left over: {live - self.before}"
        assert rules == self.foreign_rules, f"the rules of others are {rules}, and were {self.foreign_rules}"

    def _found(self) -> tuple[Live, list[dict[str, Any]]]:
        """The resources of all stacks in the API, and the engine's objects in the cluster; and the rules of others in
        all zones, without versions, times, and the empty parameters that the provider adds."""
        state = self.harness.api_state()
        found = {("tunnels", tunnel["id"]) for tunnel in state["tunnels"] if not tunnel["deleted_at"]}
        found |= {("records", record["id"]) for zone in state["zones"] for record in zone["records"]}
        found |= {(item["kind"], item["id"]) for item in state["objects"]}
        found |= {("cluster", name) for name in self.harness.objects_of_engines()}
        rules = [rule for item in state["objects"] if item["kind"] == "rulesets" for rule in item.get("rules", ())]
        hidden = ("version", "last_updated")
        written = [{key: rule[key] for key in rule if rule[key] != {} and key not in hidden} for rule in rules]
        return frozenset(found), [rule for rule in written if not rule["ref"].startswith("culvert-kill-")]

    def recorded(self, state: dict[str, Any], live: Live) -> Live:
        """The resources in the state, under the kinds and ids of the live ones."""
        kinds: dict[str, str] = {id_: kind for kind, id_ in live}
        found = set[tuple[str, str]]()
        for resource in state["resources"]:
            type_: str = resource["type"]
            id_: str = resource.get("id", "")
            if type_.startswith("kubernetes:"):
                found.add(("cluster", f"{type_.rpartition(':')[2]} {id_}"))
            elif type_.startswith("cloudflare:") and "TunnelCloudflaredConfig" not in type_:
                found.add((kinds.get(id_, type_), id_))
        return frozenset(found)

    def _await_available(self) -> None:
        # The next run imports what a killed engine was creating, and does not wait for imported resources.
        namespace = Settings.from_stack_file(self.config).namespace
        assert namespace
        deadline = time.monotonic() + 60
        while any(
            one["status"].get("availableReplicas") != one["spec"]["replicas"]
            for one in self.harness.namespaced_objects(namespace.name)["Deployment"]
        ):
            assert time.monotonic() < deadline, "a Deployment does not become available"
            time.sleep(0.1)


def changed(config: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The settings with another value wherever a value can change in place, and another network policy, which replaces the
    one before; each number gives other values."""
    new = deepcopy(dict(config))
    new.setdefault("connector", {})["podAnnotations"] = {"example.com/change": str(number)}
    policy = new.setdefault("networkPolicy", {})
    policy["allow"] = [*policy.get("allow", []), {"cidr": "192.0.2.7/32", "ports": [number]}]
    for route in new["routes"]:
        if isinstance(route.get("access"), dict):
            route["access"]["sessionDuration"] = f"{number}h"
    edits: dict[str, Callable[[Any], object]] = {
        "loadBalancer": lambda options: options["health"].update(interval=60 + number),
        "waf": lambda options: options["rateLimits"][0].update(requests=5 + number),
        "notify": lambda options: options.update(email=[f"ops{number}@example.com"]),
        "privateNetworks": lambda options: options["routes"][0].update(comment=f"change {number}"),
    }
    for key, edit in edits.items():
        if key in new:
            edit(new[key])
    return new


def renamed(config: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The settings with other hostnames, those of wildcards, whole zones and adopted records apart."""
    new = deepcopy(dict(config))
    for route in new["routes"]:
        hostname = route["hostname"]
        if not hostname.startswith("*") and hostname.count(".") > 1 and "adopt" not in route:
            label, _, rest = hostname.partition(".")
            route["hostname"] = f"{label}-{number}.{rest}"
            if new.get("loadBalancer", {}).get("hostname") == hostname:
                new["loadBalancer"]["hostname"] = route["hostname"]
            for rule in new.get("waf", {}).get("rules", ()):
                if hostname in rule.get("hostnames", ()):
                    rule["hostnames"] = [route["hostname"]]
    return new
