"""Trust in the shown map: a chip beside its title, and the panel of scores."""
