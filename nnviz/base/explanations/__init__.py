"""Values about explanations: scores, trust in a map, occlusion by hand."""
