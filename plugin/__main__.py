"""The plugin that the engine starts: it serves the components over gRPC."""

import sys
from pathlib import Path

# The components are the program's own, one folder up; a plugin is cloned with its whole repository.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clients import lazy_sdk

# The engine starts a plugin with every run: not with three seconds for the whole of Cloudflare's SDK.
lazy_sdk.install()

# After the line above, which affects only later imports.
from plugin.package import serve  # noqa: E402

serve(sys.argv[1:])
