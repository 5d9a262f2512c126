"""The frame of the window: commands, menus, bars, docks and the central view."""
