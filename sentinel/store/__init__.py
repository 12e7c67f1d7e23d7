"""Rows: the only SQL. One writer, in `watch`; everybody else reads."""
