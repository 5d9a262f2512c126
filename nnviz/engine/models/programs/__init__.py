"""Networks defined by code: run once, with the user's consent, in a subprocess.

What that process leaves is an ONNX file, which is data: the window's process never runs
a line of the program.
"""
