"""The Explain workspace: its panels and their controllers."""
