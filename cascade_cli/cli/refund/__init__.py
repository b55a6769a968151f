"""`cascade refund`: ducats taken back for money that went back."""
