"""The Inspect workspace: panels and controllers."""
