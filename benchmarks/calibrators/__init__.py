"""Our calibrators beside those of scikit-learn, netcal and probmetrics."""
