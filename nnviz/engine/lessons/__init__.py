"""Lessons of the course: a package for each section, a file for each lesson."""
