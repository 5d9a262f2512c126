"""Pages of the network browser: list of networks, facts and setup of the open one."""
