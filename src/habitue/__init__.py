"""habitue: retail loyalty analytics, from till tickets to campaigns, measured returns and programme redesign."""

__version__ = "0.1.0"
