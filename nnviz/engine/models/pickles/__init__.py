"""Reading what torch.save wrote as data: nothing in a pickle is imported or called."""
