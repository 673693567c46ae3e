"""From the build database to a sealed, verifiable release, and which one is live."""
