"""`python -m extractor`: the command line, where its script is not on the path."""

from extractor.cli import main

main()
