"""The kubernetes plugin: any kind that the API server serves, made, applied server-side, waited for and deleted.

Behaves as pulumi-kubernetes 4.34 does with its defaults; what it says in the state is the same, so either can go on
where the other stopped.
"""
