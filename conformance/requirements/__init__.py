"""What must be true of what was recorded: one file per area, beside the catalogue."""
