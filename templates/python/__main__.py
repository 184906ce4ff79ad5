"""The exposure that Pulumi.<stack>.yaml describes."""

import culvert

culvert.run()
