"""Attribution: class activation maps, gradients, occlusion, attention."""
