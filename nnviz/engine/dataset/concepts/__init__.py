"""Concepts: directions and tests of selections (TCAV), parts by NMF."""
