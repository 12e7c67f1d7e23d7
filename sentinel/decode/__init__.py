"""Bytes to packets: pure, no socket, no file, no clock."""
