"""What the workspace language's documents look like: one declaration per kind, read by everything else."""
