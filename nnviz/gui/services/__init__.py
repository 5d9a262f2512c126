"""Controllers between the panels and the worker: models, images, runs, videos."""
