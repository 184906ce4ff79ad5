"""The effect of a change on every stack: the base brought up in a sandbox, the head previewed against it."""
