"""A parameter declaration becomes a form: one file for each kind of control."""
