from fauxtok.ids import EXAMPLE_ID

OTHER = 7500000000000000200


def test_mood_takes_every_page(visitor):
    """A mood makes every page answer with its outcome, until it is taken away."""
    visitor.post("mood", {"mood": "empty"})
    assert visitor.page(EXAMPLE_ID).body == b""
    visitor.post("mood", {"mood": None})
    assert visitor.page(EXAMPLE_ID).item["id"] == str(EXAMPLE_ID)


def test_mood_for_some_ids(visitor):
    """A mood with ids leaves the others alone, and the other sources too."""
    visitor.post("mood", {"mood": "deleted", "ids": [str(EXAMPLE_ID)]})
    assert visitor.page(EXAMPLE_ID).scopes["webapp.video-detail"]["statusCode"] == 10204
    assert visitor.page(OTHER).item["id"] == str(OTHER)
    assert visitor.ask(f"/oembed?url=https://www.tiktok.com/@_/video/{EXAMPLE_ID}").status == 200


def test_mood_for_the_next_pages(visitor):
    """A mood with a count ends after so many pages."""
    visitor.post("mood", {"mood": "too_many", "count": 2})
    assert [visitor.page(OTHER).status for _ in range(3)] == [429, 429, 200]


def test_mood_everywhere(visitor):
    """A mood meant everywhere reaches the embed and the app."""
    visitor.post("mood", {"mood": "access_denied", "everywhere": True})
    assert visitor.ask(f"/embed/v2/{EXAMPLE_ID}").status == 403
    assert visitor.ask(f"/aweme/v1/feed/?aweme_id={EXAMPLE_ID}").status == 403


def test_mood_of_a_shape(visitor):
    """Moods of posts change the shape of any video."""
    visitor.post("mood", {"mood": "photo"})
    assert "imagePost" in visitor.page(OTHER).item


def test_reset_takes_all_back(visitor):
    """Reset ends mood and delay, and counts from nought."""
    visitor.post("mood", {"mood": "empty"})
    visitor.post("delay", {"ms": 5000})
    visitor.post("reset", {})
    assert visitor.ask("/__fauxtok/stats").json == {"requests": 0, "in_flight": 0, "max_in_flight": 0}
    assert visitor.page(EXAMPLE_ID).status == 200
    assert visitor.ask("/__fauxtok/stats").json == {"requests": 1, "in_flight": 0, "max_in_flight": 1}


def test_unknown_wishes(visitor):
    """What cannot be done is refused and changes nothing."""
    assert visitor.post("mood", {"mood": "grumpy"}).status == 400
    assert visitor.post("mood", {}).status == 400
    assert visitor.post("delay", {"ms": "soon"}).status == 400
    assert visitor.post("delay", [1]).status == 400
    assert visitor.post("nothing", {}).status == 404
    assert visitor.page(EXAMPLE_ID).status == 200


def test_mood_of_one_source(visitor):
    """A mood for some sources leaves the others in the mood they were in."""
    visitor.post("mood", {"mood": "deleted"})
    visitor.post("mood", {"mood": "empty", "where": ["embed", "app"]})
    assert visitor.page(OTHER).scopes["webapp.video-detail"]["statusCode"] == 10204
    assert visitor.ask(f"/embed/v2/{OTHER}").body == visitor.ask(f"/aweme/v1/feed/?aweme_id={OTHER}").body == b""
    assert visitor.ask(f"/oembed?url=https://www.tiktok.com/@_/video/{OTHER}").status == 200
    visitor.post("mood", {"mood": None, "where": ["page"]})
    assert visitor.page(OTHER).item["id"] == str(OTHER)
    assert visitor.ask(f"/embed/v2/{OTHER}").body == b""
    assert visitor.post("mood", {"mood": "empty", "where": ["newspaper"]}).status == 400


def test_every_request_is_counted(visitor):
    """All requests but those of control, by what was asked for; stats keeps to video pages."""
    page = visitor.page(EXAMPLE_ID)
    visitor.file(page, page.item["video"]["playAddr"], "HEAD")
    visitor.ask(page.item["video"]["cover"])
    visitor.ask(f"/embed/v2/{EXAMPLE_ID}")
    visitor.ask(f"/oembed?url=https://www.tiktok.com/@_/video/{EXAMPLE_ID}")
    visitor.ask(f"/aweme/v1/feed/?aweme_id={EXAMPLE_ID}")
    visitor.ask("https://vm.tiktok.com/ZNothing/")
    visitor.ask("/")
    counted = visitor.ask("/__fauxtok/requests").json
    assert counted == {**dict.fromkeys(counted, 1), "trap": 0}
    assert visitor.ask("/__fauxtok/stats").json["requests"] == 1


def test_moods_are_listed(visitor):
    """Every mood with the status and code that the clipmeter API answers for it."""
    moods = visitor.ask("/__fauxtok/moods").json
    assert {"mood": "slow_drip", "status": 504, "code": "upstream_timeout"} in moods
    assert "huge" not in {row["mood"] for row in moods}
