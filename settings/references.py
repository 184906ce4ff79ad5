"""Sources of the rules: URLs of documentation pages and source files."""

CONNECTOR_RULES = "https://github.com/cloudflare/cloudflared/blob/master/ingress/ingress.go"
CONNECTOR_ORIGINS = "https://github.com/cloudflare/cloudflared/blob/master/ingress/origin_service.go"
CONNECTOR_GRACE = "https://github.com/cloudflare/cloudflared/blob/master/cmd/cloudflared/tunnel/configuration.go"
CLOUDFLARE_IDS = "https://developers.cloudflare.com/fundamentals/account/find-account-and-zone-ids/"
CLOUDFLARE_ZONES = "https://developers.cloudflare.com/dns/concepts/"
CLOUDFLARE_RECORDS = (
    "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/routing-to-tunnel/dns/"
)
CLOUDFLARE_CERTIFICATES = "https://developers.cloudflare.com/ssl/edge-certificates/universal-ssl/limitations/"
CLOUDFLARE_LIMITS = "https://developers.cloudflare.com/cloudflare-one/account-limits/"
ORIGIN_PARAMETERS = "https://developers.cloudflare.com/tunnel/advanced/origin-parameters/"
CLOUDFLARE_FIREWALL = "https://developers.cloudflare.com/tunnel/configuration/#firewall-rules"
CLOUDFLARE_PARAMETERS = "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/cloudflared-parameters/run-parameters/"
CLOUDFLARE_PERMISSIONS = "https://developers.cloudflare.com/fundamentals/api/reference/permissions/"
CLOUDFLARE_TOKENS = "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/remote-tunnel-permissions/"
CLOUDFLARE_ACCESS = "https://developers.cloudflare.com/cloudflare-one/access-controls/policies/"
CLOUDFLARE_CUSTOM_RULES = "https://developers.cloudflare.com/waf/custom-rules/"
CLOUDFLARE_RATE_LIMITS = "https://developers.cloudflare.com/waf/rate-limiting-rules/"
CLOUDFLARE_RULESETS = "https://developers.cloudflare.com/ruleset-engine/about/rulesets/"
CLOUDFLARE_EXPRESSIONS = "https://developers.cloudflare.com/ruleset-engine/rules-language/expressions/"
CLOUDFLARE_COUNTRIES = (
    "https://developers.cloudflare.com/ruleset-engine/rules-language/fields/reference/ip.src.country/"
)
CLOUDFLARE_ROTATION = "https://developers.cloudflare.com/tunnel/advanced/tunnel-tokens/"
CLOUDFLARE_ACCESS_IDS = "https://developers.cloudflare.com/api/resources/zero_trust/"
CLOUDFLARE_SERVICE_TOKENS = (
    "https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/"
)
CLOUDFLARE_SESSIONS = (
    "https://developers.cloudflare.com/cloudflare-one/access-controls/access-settings/session-management/"
)
CLOUDFLARE_TEAM = "https://developers.cloudflare.com/cloudflare-one/faq/getting-started-faq/"
CLOUDFLARE_APP_PATHS = "https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/"
CLOUDFLARE_RECORD_IDS = "https://developers.cloudflare.com/api/resources/dns/subresources/records/methods/list/"
CLOUDFLARE_TUNNEL_IDS = "https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/subresources/cloudflared/methods/list/"
CLOUD_METADATA = (
    "https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html"
)
IP_ADDRESSES = "https://www.iana.org/assignments/iana-ipv4-special-registry/"
DNS_NAMES = "https://www.rfc-editor.org/rfc/rfc1123#section-2.1"
IDN_NAMES = "https://www.rfc-editor.org/rfc/rfc5891"
GO_SYNTAX = "https://pkg.go.dev/regexp/syntax"
RE2_SYNTAX = "https://github.com/google/re2/wiki/Syntax"
KUBERNETES_NAMES = "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"
KUBERNETES_NAMESPACES = "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"
KUBERNETES_LABELS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
KUBERNETES_SERVICES = "https://kubernetes.io/docs/concepts/services-networking/service/"
KUBERNETES_SERVICE_NAMES = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"
KUBERNETES_POLICIES = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
KUBERNETES_DNS = "https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/"
KUBERNETES_NODE_LOCAL_DNS = "https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/"
CALICO_POLICIES = "https://docs.tigera.io/calico/latest/reference/resources/networkpolicy"
CILIUM_ENTITIES = "https://docs.cilium.io/en/stable/security/policy/language/#entities-based"
CILIUM_POLICIES = "https://docs.cilium.io/en/stable/security/policy/language/#dns-based"
KUBERNETES_IMAGES = "https://kubernetes.io/docs/concepts/containers/images/"
KUBERNETES_RESOURCES = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
KUBERNETES_ENVIRONMENT = (
    "https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/"
)
KUBERNETES_SECRETS = "https://kubernetes.io/docs/concepts/configuration/secret/"
KUBERNETES_CONFIG_MAPS = "https://kubernetes.io/docs/concepts/configuration/configmap/"
KUBERNETES_ANNOTATIONS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/"
KUBERNETES_HOST_ALIASES = "https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/"
KUBERNETES_POD_DNS = "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-dns-config"
KUBERNETES_PULL_SECRETS = "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/"
CONNECTOR_PROTOCOLS = "https://github.com/cloudflare/cloudflared/blob/master/connection/protocol.go"
KUBERNETES_VOLUMES = "https://kubernetes.io/docs/concepts/storage/volumes/"
KUBERNETES_POD_SECURITY = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
PROMETHEUS_OPERATOR = "https://prometheus-operator.dev/docs/getting-started/design/"
RUNBOOK_URL = "https://runbooks.prometheus-operator.dev/docs/add-runbook/"
OPENSHIFT_CONSTRAINTS = (
    "https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/authentication_and_authorization/"
    "managing-pod-security-policies"
)
PROMETHEUS_RULES = "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"
GRAFANA_SIDECAR = "https://github.com/grafana/helm-charts/tree/main/charts/grafana#sidecar-for-dashboards"
CLOUDFLARE_NOTIFICATIONS = "https://developers.cloudflare.com/notifications/get-started/"
CLOUDFLARE_BALANCERS = "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/routing-to-tunnel/public-load-balancers/"
CLOUDFLARE_HOSTNAME_ROUTES = (
    "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/private-net/cloudflared/"
    "connect-private-hostname/"
)
CLOUDFLARE_ROUTES = (
    "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/private-net/cloudflared/"
)
CLOUDFLARE_VIRTUAL_NETWORKS = "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/private-net/cloudflared/tunnel-virtual-networks/"
CLOUDFLARE_STEERING = (
    "https://developers.cloudflare.com/load-balancing/understand-basics/traffic-steering/steering-policies/"
)
CLOUDFLARE_STATUS = (
    "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/monitor-tunnels/"
)
KUBERNETES_DEPLOYMENTS = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#min-ready-seconds"
KUBERNETES_POD = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/"
KUBERNETES_TOLERATIONS = "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"
KUBERNETES_SPREAD = "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/"
KUBERNETES_PRIORITY = "https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/"
KUBERNETES_DOWNWARD_API = "https://kubernetes.io/docs/concepts/workloads/pods/downward-api/"
KUBERNETES_SCHEDULING = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
PULUMI_PROTECT = "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/"
PULUMI_SECRETS = "https://www.pulumi.com/docs/iac/concepts/secrets/"
PULUMI_CONFIGURATION = "https://www.pulumi.com/docs/iac/concepts/config/"
SEALED_SECRETS = "https://github.com/bitnami/sealed-secrets#usage"
EXTERNAL_SECRETS_PUSH = "https://external-secrets.io/latest/api/pushsecret/"
