"""Types of settings: what each accepts, how it is normalized, and the page that says so."""
