"""Dialogs for opening and saving files."""
