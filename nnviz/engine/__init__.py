"""Everything that computes with torch.  No Qt, no threads, no printing."""
