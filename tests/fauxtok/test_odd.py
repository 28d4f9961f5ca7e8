import http.client

import pytest

from fauxtok.ids import DOCUMENTED, OUTCOMES, Kind

ID = {it.name: number for number, it in DOCUMENTED.items()}
STATUSES = sorted(number for number, it in DOCUMENTED.items() if it.kind is Kind.STATUS)


@pytest.mark.parametrize("number", STATUSES)
def test_status_pages(visitor, number):
    """A post that is not shown: its statusCode and statusMsg, and no item."""
    detail = visitor.page(number).scopes["webapp.video-detail"]
    assert (detail["statusCode"], detail["statusMsg"]) == (DOCUMENTED[number].number, DOCUMENTED[number].message)
    assert detail.get("itemInfo", {}) == {}


def test_another_id(visitor):
    """The page holds a whole video, but another one."""
    assert visitor.page(ID["another_id"]).item["id"] != str(ID["another_id"])


def test_login_and_classified(visitor):
    """Age-restricted posts redirect to /login or say isContentClassified and carry no video."""
    page = visitor.page(ID["login"])
    assert page.status == 302
    assert page.headers["location"].startswith("https://www.tiktok.com/login?redirect_url=")
    assert visitor.ask("https://www.tiktok.com/login").status == 200
    it = visitor.page(ID["classified"]).item
    assert it["isContentClassified"] is True
    assert "video" not in it


def test_refusals(visitor):
    """Each way of being blocked looks as it does on TikTok."""
    page = visitor.page(ID["empty"])
    assert (page.status, page.body) == (200, b"")
    page = visitor.page(ID["system_error_3"])
    assert page.headers["x-tt-system-error"] == "3"
    assert len(page.body) < 1000
    assert b'id="cs"' in visitor.page(ID["challenge"]).body
    assert b"captcha" in visitor.page(ID["captcha"]).body
    page = visitor.page(ID["access_denied"])
    assert page.status == 403
    assert b"Access Denied" in page.body
    assert visitor.page(ID["too_many"]).status == 429
    assert b"Site Maintenance" in visitor.page(ID["maintenance"]).body


def test_broken_pages(visitor):
    """What no reader can take for a video."""
    assert b"__UNIVERSAL_DATA" not in visitor.page(ID["no_script"]).body
    assert visitor.page(ID["no_item"]).scopes["webapp.video-detail"]["itemInfo"] == {}
    assert isinstance(visitor.page(ID["item_is_text"]).item, str)
    assert isinstance(visitor.page(ID["fields_are_lists"]).item["stats"], list)
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        _ = visitor.page(ID["broken_json"]).scopes


def test_cut(visitor):
    """The connection ends without a byte."""
    with pytest.raises(http.client.RemoteDisconnected):
        visitor.page(ID["cut"])


def test_other_sources_agree(visitor):
    """An id that is refused or gone on its page is so in the embed and the app too."""
    assert visitor.ask(f"/embed/v2/{ID['empty']}").body == b""
    assert visitor.ask(f"/aweme/v1/feed/?aweme_id={ID['access_denied']}").status == 403
    assert visitor.ask(f"/oembed?url=https://www.tiktok.com/@_/video/{ID['deleted']}").status == 400
    with pytest.raises(http.client.RemoteDisconnected):
        visitor.ask(f"/embed/v2/{ID['cut']}")


def test_unknown_paths(visitor):
    """A path that is nothing is 404; the front page has no post."""
    assert visitor.ask("/nothing/here").status == 404
    assert "webapp.video-detail" not in visitor.ask("/").scopes
    assert "found" in OUTCOMES
