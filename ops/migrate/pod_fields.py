"""Fields of a pod that the stack's connector has settings for, with the path of each setting."""

SCHEDULING = {
    field: f"connector.scheduling.{field}"
    for field in ("nodeSelector", "tolerations", "affinity", "priorityClassName", "topologySpreadConstraints")
}
POD = {**SCHEDULING, "dnsConfig": "connector.dnsConfig", "hostAliases": "connector.hostAliases"}
