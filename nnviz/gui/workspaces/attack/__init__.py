"""The Attack workspace: panels and controllers."""
