"""The Explain workspace: panels and controllers."""
