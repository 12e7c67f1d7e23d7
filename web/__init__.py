"""The status page: its own process, which reads the store and asks `watch` to act."""
