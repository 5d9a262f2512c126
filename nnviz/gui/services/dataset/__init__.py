"""The open data set: its index, what is shown of it, what is made of it."""
