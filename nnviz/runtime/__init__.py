"""Threads: inference worker, scheduler, mailbox, and file input and output."""
