"""Attribution in vision transformers: attention weights and their gradients."""
