"""The Attack workspace: its panels and their controllers."""
