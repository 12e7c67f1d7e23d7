"""Facts to findings, findings to incidents, incidents to the verdict: pure, told what time it is."""
