"""The servers of a sandbox: started, reached, stopped."""
