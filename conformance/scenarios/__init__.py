"""What is sent: one file per area. Scenarios judge nothing."""
