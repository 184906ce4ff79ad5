"""`python -m scripts.record_cloudflared`: records what a real cloudflared makes of the files in
`tests/fixtures/migrate/cloudflared`, for the model of it in `tests/support/cloudflared_rules.py`.

The binary is that of `CULVERT_CLOUDFLARED`, else of the PATH. It reaches nothing but the loopback interface.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

from sandbox import tools
from sandbox.cloudflare.server import listen

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "migrate" / "cloudflared"
HOSTNAMES = (
    *("example.com", "a.example.com", "b.example.com", "x.a.example.com", "dev.example.com", "a.dev.example.com"),
    *("upper.example.com", "a.wild.example.com", "dot.example.com", "xn--bcher-kva.example.com", "a_b.example.com"),
    *("a.xn--bcher-kva.example.com", "part.example.com", "apart.example.com", "a.example.org", "Upper.example.com"),
)
PATHS = (
    *("/", "/first", "/any", "/none", "/api", "/x/api", "/v1", "/v1/users", "/v10", "/x", "/a/b", "/docs", "/a.png"),
    *("/a.pngx", "/never"),
)
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("noHappyEyeballs", "matchSNItoHost", "noTLSVerify", "disableChunkedEncoding"), False),
    **dict.fromkeys(("bastionMode", "http2Origin"), False),
    **dict.fromkeys(("httpHostHeader", "originServerName", "caPool", "proxyType"), ""),
    **{"connectTimeout": 30, "tlsTimeout": 10, "tcpKeepAlive": 30, "keepAliveTimeout": 90},
    **{"keepAliveConnections": 100, "proxyAddress": "127.0.0.1", "proxyPort": 0, "ipRules": None},
    "access": {"teamName": "", "audTag": None},
}
"""What is in force where neither the rule nor the tunnel states an option."""
_TUNNEL = "6ff42ae2-765d-4adf-8112-31c55c1551ef"
_CREDENTIALS = {"AccountTag": "0" * 32, "TunnelSecret": "A" * 43 + "=", "TunnelID": _TUNNEL}


def requests_of(name: str) -> list[tuple[str, str]]:
    """The requests that are recorded for a file: those that its rules tell apart."""
    return {
        "hostnames": [(host, path) for host in HOSTNAMES for path in ("/", "/first", "/any", "/none")],
        "paths": [("a.example.com", path) for path in PATHS],
    }.get(name, [])


def record(cloudflared: Path, file: Path) -> dict[str, Any]:
    """What cloudflared makes of a config.yml: whether it accepts it, the rules in force, and the rule of each request.
    A refused file has its errors alone."""
    checked = _run(cloudflared, file, "validate")
    if checked.returncode:
        return {"refused": checked.stderr.strip().splitlines()[-1]}
    return {
        "validate": checked.stdout.strip().splitlines()[1:],
        "ingress": _rules_in_force(cloudflared, file),
        "matches": {f"{host}{path}": _matched(cloudflared, file, host, path) for host, path in requests_of(file.stem)},
    }


def _run(cloudflared: Path, file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [cloudflared, "tunnel", "--config", file.name, "ingress", *arguments]
    return subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=30, check=False)


def _matched(cloudflared: Path, file: Path, host: str, path: str) -> int:
    printed = _run(cloudflared, file, "rule", f"https://{host}{path}").stdout
    return int(printed.split("Matched rule #")[1].split()[0])


def _rules_in_force(cloudflared: Path, file: Path) -> list[dict[str, Any]]:
    """The rules with every option, as the metrics server of a running cloudflared shows them."""
    closed, metrics = listen(0), listen(0)
    edge, address = (f"127.0.0.1:{each.getsockname()[1]}" for each in (closed, metrics))
    metrics.close()
    with tempfile.TemporaryDirectory() as folder:
        # Its authority is not there, and a service with options of TLS does not start without.
        copy = Path(folder) / file.name
        copy.write_text(file.read_text().replace("/etc/ca.pem", f"{folder}/ca.pem"))
        (Path(folder) / "ca.pem").write_text("")
        credentials = Path(folder) / "credentials.json"
        credentials.write_text(json.dumps(_CREDENTIALS))
        command = [
            *(cloudflared, "tunnel", "--config", copy, "--no-autoupdate", "--no-prechecks", "--edge", edge),
            *("--metrics", address, "--credentials-file", credentials, "run", _TUNNEL),
        ]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            text = _get(f"http://{address}/config").replace(f"{folder}/ca.pem", "/etc/ca.pem")
        finally:
            process.kill()
            process.wait(timeout=10)
            closed.close()
    return [_compact(rule) for rule in json.loads(text)["config"]["ingress"]]


def _compact(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule without the options that have their default. `Handlers` are there where the connector verifies JWTs."""
    options = {key: value for key, value in rule["originRequest"].items() if value != DEFAULTS[key]}
    found = {key: rule[key] for key in ("hostname", "path", "service")}
    return found | {"verifiesJwt": bool(rule["Handlers"]), "originRequest": options}


def _get(url: str) -> str:
    for _ in range(100):
        try:
            return httpx.get(url, trust_env=False, timeout=5).raise_for_status().text
        except httpx.HTTPError:
            time.sleep(0.1)
    sys.exit(f"cloudflared does not answer at {url}")


def main() -> None:
    found = tools.find_cloudflared()
    if found is None:
        sys.exit("cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED")
    recordings = {
        file.relative_to(FOLDER).with_suffix("").as_posix(): record(found.path, file)
        for file in sorted(FOLDER.rglob("*.yml"))
    }
    content = yaml.safe_dump(
        {"cloudflared": found.version, "recordings": recordings}, sort_keys=False, width=110, allow_unicode=True
    )
    (FOLDER / "recordings.yaml").write_text(content)


if __name__ == "__main__":
    main()
