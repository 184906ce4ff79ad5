"""What follows from the settings: ingress rules, destinations, zones, Access applications, WAF rules, adoption."""
