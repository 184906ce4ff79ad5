"""Stands in for the engine's command line: notes what it was asked and what it could reach, and ends as it was told."""

import json
import os
import sys
from pathlib import Path

GIVEN = ("CLOUDFLARE_API_TOKEN", "PULUMI_ACCESS_TOKEN", "PULUMI_BACKEND_URL", "KUBECONFIG")

with Path(os.environ["FAKE_PULUMI"]).open("a") as file:
    print(json.dumps({"arguments": sys.argv[1:], **{name: os.environ.get(name) for name in GIVEN}}), file=file)
print(os.environ.get("FAKE_PULUMI_SAYS", "as declared"))
sys.exit(int(os.environ.get("FAKE_PULUMI_EXIT", "0")))
