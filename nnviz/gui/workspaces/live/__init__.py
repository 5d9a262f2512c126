"""The Live workspace: panels and controllers."""
