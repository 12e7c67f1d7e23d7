"""The recorded day of `sentinel run --demo`: frames as the kernel filter kept them, the echo's signed reports.

Rebuilt from the lab by `tests/lab/record_day.py`. No payload was ever in it: what is here is what `listen` sees.
"""
