"""The kubernetes plugin: any kind that the API server serves, made, applied server-side, waited for and deleted.

Behaves as pulumi-kubernetes 4.34 does with its defaults, and keeps the same state, so that either can go on where the
other stopped. It differs on purpose where it is stricter or does not wait for nothing: an unknown field is refused at
creation (the real one lets the API server drop it), and a Service counts as ready once no endpoint is pending (the
real one waits ten seconds more). It does not tell on refresh what is not ready, and knows neither lists, patches,
Helm, Kustomize nor YAML.
"""
