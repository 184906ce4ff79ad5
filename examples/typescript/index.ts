import * as culvert from "@pulumi/culvert";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const accountId = config.require("accountId");
const zone = config.require("zone");

// Tunnel, Deployment and labels are named after the components: one name for all of them, and another in each stack.
const name = `${pulumi.getProject()}-${pulumi.getStack()}`;

// Pods are named as the network policy sees them: by their labels, and on the port they listen on.
const backends = [
    { hostname: `shop.${zone}`, service: "storefront", port: 80, podPort: 8080 },
    { hostname: `api.${zone}`, service: "orders", port: 80, podPort: 3000 },
];

const namespace = new culvert.Namespace(name, { name });

const policy = new culvert.NetworkPolicy(name, {
    namespace: namespace.name,
    destinations: backends.map(backend => ({
        namespace: name,
        podSelector: { app: backend.service },
        port: backend.podPort,
    })),
});

const tunnel = new culvert.Tunnel(name, {
    accountId,
    // First match wins, and the last rule takes what is left over.
    ingressRules: [
        ...backends.map(({ hostname, service, port }) => ({
            hostname,
            service: `http://${service}.${name}.svc.cluster.local:${port}`,
        })),
        { service: "http_status:404" },
    ],
});

const connector = new culvert.Connector(name, {
    namespace: namespace.name,
    token: tunnel.token,
    // No pod before its fence and its rules.
    after: [policy, tunnel],
});

new culvert.Records(name, {
    accountId,
    hostnames: Object.fromEntries(backends.map(backend => [backend.hostname, zone])),
    target: tunnel.target,
    comment: `${pulumi.getProject()}/${pulumi.getStack()}`,
    // Nobody is sent to a tunnel that no connector serves.
    after: [connector],
});

export const urls = backends.map(backend => `https://${backend.hostname}`);
export const deployment = connector.deployment;
