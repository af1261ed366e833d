"""Lets `python -m leadboard.cli` do what the console command `leadboard` does."""

from leadboard.cli.main import main

main()
