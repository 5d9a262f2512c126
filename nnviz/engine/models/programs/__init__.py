"""Networks that are programs: run once, after a yes, in a process of their own.

What that process leaves is an ONNX file, which is data: the window's process never runs
a line of the program.
"""
