"""`python -m clipmeter` is the `clipmeter` command."""

from clipmeter.cli import main

main()
