"""Asking an echo what strangers can open at this practice; failing to ask is an outcome, never an exception."""
