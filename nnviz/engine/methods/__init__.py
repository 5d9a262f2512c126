"""One file for each method; every module here is imported and registered."""
