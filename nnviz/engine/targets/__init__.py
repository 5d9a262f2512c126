"""What a score is of, and its gradients."""
