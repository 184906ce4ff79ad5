"""What a run that was cut off has left: found by the stack's name, taken into its state or removed."""
