"""Jobs on attacks: rescale, save, measure robustness."""
