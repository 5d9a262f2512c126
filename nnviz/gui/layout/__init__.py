"""How widgets share room: rows that wrap, panels that scroll, stacked pages."""
