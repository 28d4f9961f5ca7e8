"""clipmeter with a bug: `python -m chaos.mutant NAME serve …` patches the program and then runs its command line."""

import sys

from chaos.mutants import MUTANTS
from clipmeter.cli import main

if __name__ == "__main__":
    name = sys.argv.pop(1)
    MUTANTS[name].patch()
    main()
