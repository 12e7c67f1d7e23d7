"""The memory card of an appliance: its firmware partition, its two systems, how one replaces the other."""
