"""What each column of a data set tells of one of them: ``mi`` and what it stands on."""
