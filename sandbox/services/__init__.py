"""The servers of a sandbox: started, found again, stopped."""
