"""Jobs on explanations: scores, trust measures, occlusion by hand."""
