"""Reading of torch.save files as data: nothing in a pickle is imported or called."""
