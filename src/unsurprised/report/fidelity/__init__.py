"""How one language model beside another is shown."""
