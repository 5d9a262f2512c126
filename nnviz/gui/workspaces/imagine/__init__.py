"""The Imagine workspace: its panels and their controllers."""
