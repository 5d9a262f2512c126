"""Documents that the window opens and keeps: boards, guides, recordings, sessions."""
