"""What the practice keeps on paper and shows to others: ledger, register, dossier, certificates."""
