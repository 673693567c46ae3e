"""`python -m pipelines.cli` is `carbon`."""

from pipelines.cli import main

main()
