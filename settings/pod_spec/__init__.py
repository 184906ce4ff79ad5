"""Parts of a pod spec that a stack file contains in Kubernetes' own form: their fields, and the API server's rules."""
