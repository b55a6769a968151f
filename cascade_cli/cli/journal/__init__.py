"""`cascade journal`: the audit trail."""
