"""The checks of `preflight`, a module for each subject."""
