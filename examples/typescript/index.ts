import * as culvert from "@pulumi/culvert";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const zone = config.require("zone");

// Tunnel and Deployment have this name: another one in each stack.
const name = `${pulumi.getProject()}-${pulumi.getStack()}`;

// The keys of a stack file: docs/settings.md. Rules are sorted, and the network policy follows from the routes.
const exposure = new culvert.Exposure(name, {
    accountId: config.require("accountId"),
    // An empty id is looked up by the zone's name.
    zones: { [zone]: config.get("zoneId") ?? "" },
    routes: [
        {
            hostname: `shop.${zone}`,
            // Pods as the network policy sees them: by their labels, and on the port they listen on.
            backend: { service: "storefront", port: 80, targetPort: 8080, podSelector: { app: "storefront" } },
        },
        {
            hostname: `api.${zone}`,
            path: "/v1",
            backend: { service: "orders", port: 80, targetPort: 3000, podSelector: { app: "orders" } },
        },
    ],
    connector: { replicas: 3 },
});

export const urls = exposure.urls;
// With these three the next run knows what is its own, and looks up new hostnames only.
export const tunnelName = exposure.tunnelName;
export const tunnelId = exposure.tunnelId;
export const records = exposure.records;
