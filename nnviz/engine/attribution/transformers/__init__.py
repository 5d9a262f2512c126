"""Attribution in vision transformers: attention laid open, and its gradients."""
