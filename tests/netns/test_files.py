"""Files of peers, where the disk of this computer matters."""
import os
import subprocess
import tempfile

from raw import RawPeer
from test_raw import SOON, klatch_and_a_host

MIB = 1 << 20


def test_a_disk_that_is_nearly_full(network):
    downloads = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "none", downloads], check=True)
    try:
        ann, _, there = klatch_and_a_host(network, "Ann", "--downloads", downloads)
        jo = RawPeer(there, "Jo", GET_FILE=lambda data: bytes((500 if b"large" in data else 1) * MIB))
        ann.do("/add", "%s:%d" % jo.address)
        ann.sees("Jo", timeout=SOON)

        def fails(name):
            mark = ann.mark()
            ann.do("/get", "Jo", name)
            ann.event("transfer", 3 * SOON, after=mark, file=name, state="failed")
            assert ann.event("error", SOON, after=mark)["message"] == f"{name}: the disk is full"
            assert os.listdir(downloads) == [], name

        fails("large")
        # There is room again.
        ann.do("/get", "Jo", "small")
        ann.event("transfer", SOON, file="small", state="done")
        os.remove(os.path.join(downloads, "small"))
        with tempfile.TemporaryFile(dir=downloads) as other:
            os.posix_fallocate(other.fileno(), 0, 390 * MIB)
            fails("small")
        ann.quit()
        assert ann.exited(SOON) == 0
    finally:
        subprocess.run(["umount", "--lazy", downloads], check=True)
