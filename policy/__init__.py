"""What may be provisioned: rules that judge resources, whoever made them, and the Pulumi policy pack made of them.

A rule imports nothing of what it judges. `policy.rules` has them all; each is a plain function over plain values, so that
the same rule judges what the engine registers (`--policy-pack policy`) and what a test recorded.
"""
