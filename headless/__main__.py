"""Lets `python -m headless` do what the console command `leadboard` does."""

from headless.cli import main

main()
