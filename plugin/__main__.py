"""The plugin that the engine starts: it serves the components over gRPC."""

import sys
from pathlib import Path

# The components are the program's own, one folder up; a plugin is cloned with its whole repository.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from plugin.package import serve

serve(sys.argv[1:])
