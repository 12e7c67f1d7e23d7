"""Cabinet Sentinel: tells a small practice, the same day, when its imaging is open to the internet."""

__version__ = "0.1.0"
