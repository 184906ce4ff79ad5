"""From a Kubernetes Service to a public hostname: settings, Exposure, exports, as culvert.py has them."""

import culvert

exposure = culvert.run()
