"""Venice's Airtable base through pyairtable: its tables, its fields, its engine's words."""
