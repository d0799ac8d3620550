"""How far new data have moved from a base, column by column: ``drift`` and what it stands on."""
