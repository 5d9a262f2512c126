"""The Data workspace: panels and controllers."""
