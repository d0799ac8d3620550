"""How fast the measures are, beside memory and beside what else one could call."""
