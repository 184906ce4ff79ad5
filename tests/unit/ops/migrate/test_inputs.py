"""Documents of the input: files, directories, lists, and those that no reader knows."""

from pathlib import Path

import pytest

from ops.errors import OperatorError
from ops.migrate.inputs import parse, read_inputs
from tests.support.migrate_input import read_tunnels, remarks
from tests.unit.ops.conftest import Ops


def test_a_directory_is_read_with_those_below_it_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.json").write_text('{"n": 2}')
    (tmp_path / "a.yml").write_text("n: 0\n---\nn: 1")
    (tmp_path / "readme.txt").write_text("n: 3")
    (tmp_path / "c.yaml").write_text("")
    found = read_inputs([str(tmp_path), str(tmp_path / "readme.txt")])
    assert [each.get("n") for each in found] == [0, 1, 2, 3]
    assert [f"{each.place}" for each in found[:2]] == [f"{tmp_path}/a.yml:1", f"{tmp_path}/a.yml:3"]


def test_a_directory_without_such_files_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"is a directory without files that end with .yaml, .yml, .json"):
        read_inputs([str(tmp_path)])


def test_a_list_of_one_kind_gives_its_items_their_kind() -> None:
    text = b"{apiVersion: v1, kind: ServiceList, items: [{metadata: {name: a}}, {metadata: {name: b}}]}"
    found = list(parse("-", text))
    assert [(each.get("kind"), each.get("apiVersion")) for each in found] == [("Service", "v1")] * 2
    assert found[1].place.key == "items[1]"


def test_a_template_is_reported_as_one() -> None:
    with pytest.raises(OperatorError, match="it is a template, to be rendered first, as with `helm template`"):
        list(parse("-", b"ingress:\n{{- range .Values.hosts }}\n- hostname: {{ . }}\n{{- end }}"))


def test_an_unknown_document_is_one_error_with_what_is_accepted() -> None:
    error = (
        r"input.yaml:1: this document is not known, by its keys: a, b. Accepted: a config.yml of cloudflared, a Conf"
    )
    with pytest.raises(OperatorError, match=error):
        read_tunnels("{a: 1, b: 2}")


def test_an_unknown_document_beside_others_is_reported() -> None:
    setups, found = read_tunnels("ingress: []", "{a: 1, b: 2}")
    assert len(setups) == 1
    assert "input.yaml:3: the document with the keys a, b: it is not one that this command reads" in remarks(found)


def test_a_command_without_input_is_one_error(ops: Ops) -> None:
    done = ops("migrate", "--force")
    assert done.status == 1
    assert done.stderr == "there is nothing to read: name files, or --cluster, or --from-account with --tunnel\n"


def test_an_object_with_an_empty_kind_is_one_error() -> None:
    with pytest.raises(OperatorError, match="this document is not known, by its keys: kind, apiVersion, metadata"):
        read_tunnels("{kind: '', apiVersion: v1, metadata: {name: a}}")


def test_an_object_that_is_in_the_input_twice_is_read_once() -> None:
    service = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}, spec: {ports: [{port: 80}]}}"
    rule = "ingress: [{hostname: a.example.org, service: 'http://a.n.svc'}]"
    assert not read_tunnels(rule, service, service)[1].skipped
    (setup,), found = read_tunnels(rule, service, service.replace("80", "81"))
    assert setup.services["n/a"].spec["ports"] == [{"port": 80}]
    assert "input.yaml:5: Service a: another one of this name, at input.yaml:3, is used" in str(found.skipped[0])


def test_the_namespace_of_an_object_that_is_not_read_does_not_matter() -> None:
    role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}"
    report = remarks(read_tunnels("ingress: []", role)[1])
    assert "ClusterRole r: not about a tunnel's routes" in report
    assert "without a namespace" not in report
