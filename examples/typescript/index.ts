import * as culvert from "@pulumi/culvert";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const zone = config.require("zone");

// The tunnel's name, and the prefix of all other names. It differs from stack to stack.
const name = `${pulumi.getProject()}-${pulumi.getStack()}`;

// The keys of a stack file: docs/settings.md. Rules are sorted, and the network policy follows from the routes.
const exposure = new culvert.Exposure(name, {
    accountId: config.require("accountId"),
    // If the id is empty, the zone is looked up by name.
    zones: { [zone]: config.get("zoneId") ?? "" },
    // The connector's own namespace, which is deleted with all of its content: the Services are in another one.
    namespace: name,
    routes: [
        {
            hostname: `shop.${zone}`,
            // The network policy selects pods by label, and allows the port that they listen on.
            backend: {
                service: "storefront",
                namespace: "shop",
                port: 80,
                targetPort: 8080,
                podSelector: { app: "storefront" },
            },
        },
        {
            hostname: `api.${zone}`,
            path: "/v1",
            backend: {
                service: "orders",
                namespace: "shop",
                port: 80,
                targetPort: 3000,
                podSelector: { app: "orders" },
            },
        },
    ],
    connector: { replicas: 3 },
});

export const urls = exposure.urls;
// From these three outputs the next run knows its tunnel and records, and looks up only new hostnames.
export const tunnelName = exposure.tunnelName;
export const tunnelId = exposure.tunnelId;
export const records = exposure.records;
