"""Text: paragraphs drawn into images, numbers and names as text."""
