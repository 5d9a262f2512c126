"""Text: paragraphs drawn into images, numbers and names in words."""
