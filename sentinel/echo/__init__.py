"""The outside server: it knocks at the address that asks, while it asks, and says what answered."""
