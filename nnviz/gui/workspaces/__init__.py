"""Which panels stand together for which job."""
