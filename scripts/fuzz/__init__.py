"""Hostile input for everything that reads files or replies of others, in this process."""
