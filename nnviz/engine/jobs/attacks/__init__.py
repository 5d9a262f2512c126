"""Jobs of attacks: found, saved, measured."""
