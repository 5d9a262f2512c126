"""Services between panels and worker: models, images, method runs, videos."""
