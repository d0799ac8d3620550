"""Names of classes: when two are the same, and how columns and labels are bound to them."""
