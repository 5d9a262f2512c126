"""The Imagine workspace: panels and controllers."""
