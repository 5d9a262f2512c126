"""Threads: the worker, its scheduler, the mailbox, file input and output."""
