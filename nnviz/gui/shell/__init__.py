"""The window's frame: commands, menus, bars, docks and the central view."""
