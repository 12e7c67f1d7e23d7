"""The recorded day that `sentinel run --demo` plays: frames as the kernel filter kept them, and the echo's reports.

Rebuilt from the lab by `tests/lab/record_day.py`. No payload was ever in it: what is here is what `listen` sees.
"""
