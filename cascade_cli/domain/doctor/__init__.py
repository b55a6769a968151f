"""What doctor may find: each finding with why it matters and what to do, and who judges it."""
