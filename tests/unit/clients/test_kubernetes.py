"""Replies of the cluster that are not the Kubernetes API's, or have another shape than documented."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import urllib3

from clients.errors import ApiUnreachable, KubernetesApiError
from clients.kubernetes import KubernetesApi
from clients.reply_shape import documented_shape

KUBECONFIG = """
contexts: [{name: c, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "http://cluster.invalid"}}]
current-context: c
"""


def answering(body: bytes, monkeypatch: pytest.MonkeyPatch, status: int = 200) -> KubernetesApi:
    def request(*_arguments: Any, **_options: Any) -> urllib3.HTTPResponse:
        return urllib3.HTTPResponse(io.BytesIO(body), status=status, preload_content=False)

    monkeypatch.setattr(urllib3.PoolManager, "request", request)
    return KubernetesApi(KUBECONFIG)


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"[]", b"null", b"[" * 100_000, b"NaN", b"\xff\xfe"])
def test_an_answer_that_is_no_object_is_not_the_kubernetes_api(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ApiUnreachable, match="is not the Kubernetes API: it sent something else than an object"
    ) as error:
        answering(body, monkeypatch).get("/api/v1/nodes")
    assert "whether a proxy in between asks for a login" in error.value.remedy


@pytest.mark.parametrize("items", [5, "a", {"a": 1}, [None], [{}], [{"metadata": []}], [{"metadata": {"name": 5}}]])
def test_a_list_of_anything_but_named_objects_is_an_error(items: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiUnreachable, match="something else than a list of objects with names"):
        answering(json.dumps({"items": items}).encode(), monkeypatch).items("/api/v1/pods")


@pytest.mark.parametrize("items", [None, []])
def test_a_list_may_be_empty_or_null(items: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering(json.dumps({"items": items}).encode(), monkeypatch).items("/api/v1/pods") == []


@pytest.mark.parametrize("body", [b'{"kind": "Status", "message": ["x"]}', b"<html>", b"[" * 100_000, b""])
def test_an_error_of_any_shape_has_its_status(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KubernetesApiError, match="HTTP 403") as error:
        answering(body, monkeypatch, 403).get("/api/v1/nodes")
    assert error.value.status == 403


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "[a]",
        "clusters: 5",
        "a: 2026-13-45",
        "[" * 5000,
        "contexts: [{name: a, context: 5}]\ncurrent-context: a",
        "contexts: [{name: a, context: {cluster: c, user: u}}]\ncurrent-context: a\n"
        "clusters: [{name: c, cluster: {server: [1]}}]\nusers: [{name: u, user: {}}]",
        "contexts: [{name: a, context: {cluster: c, user: u}}]\ncurrent-context: a\n"
        "clusters: [{name: c, cluster: {server: 'http://[::1'}}]\nusers: [{name: u, user: {}}]",
    ],
    ids=lambda text: text[:30],
)
def test_a_kubeconfig_of_another_shape_is_one_error(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(file))
    with pytest.raises(
        ApiUnreachable,
        match=r"the kubeconfig (has another shape than documented|cannot be read)|no cluster is configured",
    ):
        KubernetesApi()


def test_an_error_about_a_shape_says_where_it_was_noticed() -> None:
    shape = r"another shape than documented \(KeyError at tests/\S+:\d+\)"
    with pytest.raises(ApiUnreachable, match=shape) as error, documented_shape():
        {}["metadata"]
    assert "CULVERT_TRACEBACK=1" in error.value.remedy
    with pytest.raises(ApiUnreachable, match="as it is"), documented_shape():
        raise ApiUnreachable("as it is")
