"""Targets for Prometheus from the outputs of a culvert stack.

Mount the ConfigMap into Prometheus and name it in a scrape job for the blackbox exporter:
https://prometheus.io/docs/guides/multi-target-exporter/. Each `pulumi up` updates the probed hostnames.
"""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

config = pulumi.Config()
culvert = pulumi.StackReference(config.require("culvert"))
labels = {"tunnel": culvert.require_output("tunnelName"), "namespace": culvert.require_output("namespace")}
targets = ConfigMap(
    "targets",
    metadata={"namespace": config.require("namespace")},
    # https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
    data={"culvert.json": pulumi.Output.json_dumps([{"targets": culvert.require_output("urls"), "labels": labels}])},
)

pulumi.export("configMap", targets.metadata["name"])
