"""Stack files for what runs today: a locally managed cloudflared, or a tunnel of adyanth/cloudflare-operator."""
