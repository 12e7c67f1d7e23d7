"""The card: what may be written on it, and that it starts whenever the power goes."""
