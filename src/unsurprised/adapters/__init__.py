"""An evaluation within other people's training loops; each module imports the loop's package."""
