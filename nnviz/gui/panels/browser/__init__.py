"""Pages of the network browser: models, facts and setup of the open one."""
