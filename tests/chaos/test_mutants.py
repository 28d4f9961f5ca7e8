"""The mutation check: the harness sees what it is there to see."""

import pytest

from chaos.cluster import running
from chaos.mutants import MUTANTS
from chaos.rounds import Round, Tally


async def found(shape, folder, script):
    async with running(shape, folder) as cluster:
        return await Round(cluster, Tally(15.0), 1, 1, folder, script).play()


@pytest.mark.parametrize("name", MUTANTS)
async def test_each_bug_is_caught(tmp_path, name):
    """A program with this bug breaks the promise that the bug is about, and the harness says so."""
    mutant = MUTANTS[name]
    violations = await found(mutant.shape("sqlite", name), tmp_path, mutant.script)
    assert mutant.caught_by in {violation.invariant for violation in violations}


async def test_the_program_itself_is_clean(tmp_path):
    """The program as it is keeps all promises in the very same rounds."""
    two = next(mutant for mutant in MUTANTS.values() if mutant.nodes == 2)
    async with running(two.shape("sqlite"), tmp_path) as cluster:
        for number, mutant in enumerate(MUTANTS.values(), start=1):
            assert await Round(cluster, Tally(15.0), 1, number, tmp_path, mutant.script).play() == []
