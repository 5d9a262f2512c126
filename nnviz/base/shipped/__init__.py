"""The program as it ships: name and version, samples, the first network."""
