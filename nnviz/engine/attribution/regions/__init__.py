"""Attribution to superpixels: an image cut up, its regions hidden and ranked."""
