"""A fake `pulumi`: records its arguments and environment, prints a file and exits with a status."""

import json
import os
import sys
from pathlib import Path

RECORDED = (
    *("CLOUDFLARE_API_TOKEN", "PULUMI_ACCESS_TOKEN", "PULUMI_BACKEND_URL", "KUBECONFIG"),
    "PULUMI_K8S_ENABLE_PATCH_FORCE",
)

with Path(os.environ["FAKE_PULUMI"]).open("a") as file:
    print(json.dumps({"arguments": sys.argv[1:], **{name: os.environ.get(name) for name in RECORDED}}), file=file)
sys.stdout.buffer.write(Path(os.environ["FAKE_PULUMI_OUTPUT"]).read_bytes())
sys.stdout.flush()
sys.exit(int(os.environ.get("FAKE_PULUMI_EXIT", "0")))
