"""Detection taken apart: stages of detectors, suppression, region proposals."""
