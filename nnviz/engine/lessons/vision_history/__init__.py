"""Vision before networks: pixels as numbers, edges, keypoints, sliding windows."""
