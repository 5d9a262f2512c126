"""torchvision's published weights: where their files are and how they are opened."""
