"""The expected stack: its cluster, which its stack file names, and what the texts of faults say of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.errors import ApiUnreachable
from ops import expected_stack, project
from ops.expected_stack import ExpectedStack
from ops.recover.live_resources import LiveResources
from ops.recover.next_step import Commands
from ops.verify.runner import Runner
from settings import Settings
from tests.support.kubernetes_server import kubernetes_server
from tests.support.settings_examples import values


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CLOUDFLARE_BASE_URL", raising=False)
    # Which project it is holds for the process.
    monkeypatch.setattr(project, "_used", project.PROJECT)


def stack_file(folder: Path, **provider: Any) -> Path:
    config = {f"culvert:{key}": value for key, value in values().items()}
    config |= {f"kubernetes:{key}": value for key, value in provider.items()}
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    return file


def test_the_context_of_the_stack_file_precedes_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kubernetes_server({"/version": {"gitVersion": "v1.36.3"}}) as server:
        (tmp_path / "kubeconfig").write_text(server.kubeconfig("elsewhere"))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        bound = expected_stack.load(None, stack_file(tmp_path, context="here"))
        assert bound.kubernetes().server == f"http://127.0.0.1:{server.port}"
        live = LiveResources({"KUBECONFIG": str(tmp_path / "kubeconfig")}, bound.provider)
        assert live.cluster.server == bound.kubernetes().server
        free = expected_stack.load(None, stack_file(tmp_path))
        assert free.kubernetes().server == "http://127.0.0.1:9"
        # A rehearsal of the stack is in the sandbox's cluster, whatever the stack file names.
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:7/client/v4")
        assert expected_stack.load(None, stack_file(tmp_path, context="here")).kubernetes().server == (
            "http://127.0.0.1:9"
        )


def test_the_kubeconfig_of_the_stack_file_is_its_content_or_a_path(tmp_path: Path) -> None:
    with kubernetes_server({}) as server:
        (tmp_path / "other").write_text(server.kubeconfig())
        for kubeconfig in (server.kubeconfig(), str(tmp_path / "other")):
            bound = expected_stack.load(None, stack_file(tmp_path, kubeconfig=kubeconfig))
            assert bound.kubernetes().server == f"http://127.0.0.1:{server.port}"


def test_an_encrypted_kubeconfig_leaves_the_current_context(tmp_path: Path) -> None:
    assert expected_stack.load(None, stack_file(tmp_path, kubeconfig={"secure": "v1:abc"})).provider == {}


def test_verify_asks_the_cluster_that_the_stack_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    bound = expected_stack.load(None, stack_file(tmp_path, context="berlin"))
    with pytest.raises(ApiUnreachable, match="no kubeconfig has a usable context berlin"):
        bound.kubernetes()
    results = Runner(bound, offline=True).run()
    assert {each.observed for each in results if each.layer == "cluster"} == {
        "no kubeconfig has a usable context berlin"
    }


@pytest.mark.parametrize(
    ("engine", "kinds"),
    [
        ("kubernetes", "networkpolicies.networking.k8s.io"),
        ("calico", "networkpolicies.networking.k8s.io,networkpolicies.projectcalico.org"),
        ("calico-crd", "networkpolicies.networking.k8s.io,networkpolicies.crd.projectcalico.org"),
        ("cilium", "networkpolicies.networking.k8s.io,ciliumnetworkpolicies.cilium.io"),
    ],
)
def test_the_kinds_of_policies_have_the_names_that_no_other_group_has(engine: str, kinds: str) -> None:
    settings = Settings.parse(values(networkPolicy={"engine": engine}))
    assert ExpectedStack("dev", "culvert-dev", settings).named["policy_kinds"] == kinds


def test_a_stack_file_beside_a_project_of_its_own_is_of_that_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: blog\n")
    file = stack_file(tmp_path)
    own = expected_stack.load(None, file)
    assert (own.name, own.mark) == ("blog-dev", "blog/dev")
    assert Commands("dev", file).up == f"pulumi up --stack dev --cwd {tmp_path}"
    (tmp_path / "Pulumi.yaml").unlink()
    assert expected_stack.load(None, stack_file(tmp_path)).mark == "culvert/dev"
