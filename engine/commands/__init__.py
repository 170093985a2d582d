"""The commands of the command line, grouped; each turns options into a call of the façade and prints the answer."""
