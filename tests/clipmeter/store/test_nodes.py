import subprocess
import sys

from clipmeter.store.nodes import Nodes

HOLD = """
import sys
from pathlib import Path
from clipmeter.store.nodes import Nodes

print(Nodes(Path(sys.argv[1])).join(), flush=True)
sys.stdin.read()
"""


def test_alive_until_killed(tmp_path):
    """I5: a node is alive as long as its process, and dead as soon as that is killed."""
    nodes = Nodes(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        node_id = child.stdout.readline().strip()
        assert nodes.dead([node_id]) == []
        child.kill()
    assert nodes.dead([node_id]) == [node_id]
    nodes.leave(node_id)
    assert list(tmp_path.iterdir()) == []


def test_own_nodes_are_alive(tmp_path):
    """I10: nobody takes himself for dead, and two nodes of one process know each other."""
    one, two = Nodes(tmp_path / "nodes"), Nodes(tmp_path / "nodes")
    ids = [one.join(), two.join()]
    assert one.dead(ids) == two.dead(ids) == []
    two.release()
    assert one.dead(ids) == ids[1:]
    one.leave(ids[0])


def test_without_a_file_nothing_is_certain(tmp_path):
    """I2: a node whose lock file somebody deleted is not taken for dead; its deadlines will tell."""
    nodes = Nodes(tmp_path)
    assert nodes.dead(["0" * 32]) == []


def test_a_child_does_not_inherit_life(tmp_path):
    """I5: a program started by a node does not keep the node alive."""
    parent = f"""
import subprocess, sys
from pathlib import Path
from clipmeter.store.nodes import Nodes
print(Nodes(Path({str(tmp_path)!r})).join(), flush=True)
quiet = subprocess.DEVNULL
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], stdout=quiet, stderr=quiet).pid)
"""
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=True)
    node_id = done.stdout.split()[0]
    assert Nodes(tmp_path).dead([node_id]) == [node_id]
