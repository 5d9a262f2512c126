"""The Live workspace: its panels and their controllers."""
