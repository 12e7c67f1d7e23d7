"""Frames: from the wire through a kernel filter and a ring, or from a recorded file."""
