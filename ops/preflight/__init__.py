"""The command `preflight`: whether the token, the account, the cluster and the Services are ready for a stack."""
