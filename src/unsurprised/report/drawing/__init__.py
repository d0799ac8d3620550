"""What all charts have in common; notebooks show the same ones as pages."""
