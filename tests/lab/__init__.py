"""A whole cabinet in network namespaces: its box, its switch, its imaging, and the strangers outside."""
