"""The vocabulary of the program: values only, stdlib and numpy."""
