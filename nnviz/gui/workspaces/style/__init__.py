"""The Style workspace: its panels and their controllers."""
