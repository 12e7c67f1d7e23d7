"""A Debian that has nothing, in which somebody types what the documents say."""
