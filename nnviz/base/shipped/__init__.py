"""Facts of the installation: name and version, samples, the default network."""
