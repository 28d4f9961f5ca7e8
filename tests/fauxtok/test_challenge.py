import json
from base64 import b64decode, b64encode
from hashlib import sha256
from re import search

from fauxtok import challenge

ID = 7500000000000042903


def solve(page: bytes) -> str:
    """The value of the cookie, found as a browser's script finds it."""
    found = search(r'id="cs" class="([^"]+)"', page.decode())
    assert found is not None
    riddle = json.loads(b64decode(found[1] + "==="))
    salt, wanted = b64decode(riddle["v"]["a"]), b64decode(riddle["v"]["c"])
    answer = next(n for n in range(1_000_001) if sha256(salt + str(n).encode()).digest() == wanted)
    riddle["d"] = b64encode(str(answer).encode()).decode()
    return b64encode(json.dumps(riddle).encode()).decode()


def test_right_answer_opens_the_page(visitor):
    """Whoever brings the answer in the cookie gets the video; who brings anything else is asked again."""
    page = visitor.page(ID).body
    assert visitor.page(ID, Cookie=f"{challenge.COOKIE}={solve(page)}").item["id"] == str(ID)
    for wrong in ("", "x", "e30=", b64encode(b"[1]").decode(), solve(challenge.page(ID + 1))):
        assert visitor.page(ID, Cookie=f"{challenge.COOKIE}={wrong}").body == page


def test_the_other_one_is_never_content(visitor):
    """challenge_again asks again, solved or not."""
    page = visitor.page(ID + 1).body
    assert b"Please wait" in visitor.page(ID + 1, Cookie=f"{challenge.COOKIE}={solve(page)}").body


def test_the_others_ask_too(visitor):
    """The embed and the app show the riddle as the page does: only who solves it has the video."""
    for path in (f"/embed/v2/{ID}", f"/aweme/v1/feed/?aweme_id={ID}"):
        assert b'id="cs"' in visitor.ask(path).body
