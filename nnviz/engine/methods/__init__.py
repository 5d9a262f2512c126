"""Methods, one file each; every module here is imported and registered."""
