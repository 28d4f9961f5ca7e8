"""Keys, accounts and the exact ledger."""
