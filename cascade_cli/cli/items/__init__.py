"""One item of a reconciliation, as people and scripts see it, for every command."""
