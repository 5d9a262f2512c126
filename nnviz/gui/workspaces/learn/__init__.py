"""The Learn workspace: lessons of the course, and guided lessons."""
