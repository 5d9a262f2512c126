"""Dialogs that ask for files."""
