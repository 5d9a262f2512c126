"""Lessons of the course: a package a section, one file a lesson."""
