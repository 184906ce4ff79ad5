"""The kubernetes plugin: creates, server-side applies, awaits and deletes objects of any kind the API server serves.

Behaves like pulumi-kubernetes 4.34 with its defaults and stores the same state, so either can continue where the other
stopped. Deliberate differences: an unknown field is refused on creation (the official plugin lets the API server drop
it), and a Service is ready once no endpoint is pending (the official plugin waits ten seconds more). A refresh does not
report what is not ready. Lists, patches, Helm, Kustomize and YAML are not supported.
"""
