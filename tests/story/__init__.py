"""Whole stories on a whole cabinet: real Orthanc, real DCMTK, real NAT, a real mirror, the real programs."""
