"""The Style workspace: panels and controllers."""
