"""What the engine costs, beside the commit before it."""
