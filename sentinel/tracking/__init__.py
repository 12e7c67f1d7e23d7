"""Packets to facts: pure, bounded, told by the packets what time it is."""
