"""The connector: cloudflared in a Deployment, with its token's Secret, disruption budget and metrics Service."""

from components.connector.connector import Connector

__all__ = ["Connector"]
