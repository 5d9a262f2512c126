"""The Inspect workspace: its panels and their controllers."""
