"""What the sentinel costs: the figures of the README, measured on this machine."""
