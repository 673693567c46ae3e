"""From the build database to a sealed, verifiable release, and from a published figure back to its row."""
