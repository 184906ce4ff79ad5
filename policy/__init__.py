"""Policy rules for any stack, and the Pulumi policy pack that serves them.

A rule imports nothing of `components` or `settings`. `policy.rules` lists all rules. Each is a plain function over
plain values, so the same rule validates what the engine registers (`--policy-pack policy`) and what a test recorded.
"""
