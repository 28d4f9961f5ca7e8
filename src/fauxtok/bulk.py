"""The 270 KB around the data of a page that are the same every time: styles, experiments, menus, translations.

Invented once at import, with TikTok's names, order and proportions: a reader has as much to skip as on real pages.
"""

from random import Random

from fauxtok import jsons

_DICE = Random("bulk")  # noqa: S311 - filler
_SUBJECTS = [
    "video",
    "sound",
    "account",
    "comment",
    "report",
    "privacy",
    "music",
    "effect",
    "follow",
    "like",
    "share",
    "link",
    "embed",
    "playlist",
    "search",
]
_ACTIONS = [
    "create",
    "add",
    "save",
    "open",
    "close",
    "copy",
    "remove",
    "discover",
    "mute",
    "pin",
    "hide",
    "translate",
    "restore",
    "confirm",
    "cancel",
]
_REST = [
    "for",
    "you",
    "this",
    "week",
    "with",
    "friends",
    "on",
    "all",
    "devices",
    "in",
    "your",
    "region",
    "before",
    "you",
    "continue",
    "and",
    "learn",
    "more",
    "about",
    "it",
]
_ASSETS = "https://sf16-website-login.neutral.ttwstatic.com/obj/tiktok_web_login_static"


def _hex(digits: int) -> str:
    return f"{_DICE.getrandbits(digits * 4):0{digits}x}"


def _translations(size: int) -> dict[str, str]:
    texts: dict[str, str] = {}
    used = 0
    while used < size:
        key = (
            f"{_DICE.choice(_ACTIONS)}_{_DICE.choice(_SUBJECTS)}_{_DICE.choice(('title', 'btn', 'toast'))}_{len(texts)}"
        )
        words = [_DICE.choice(_ACTIONS).title(), _DICE.choice(_SUBJECTS), *_DICE.choices(_REST, k=_DICE.randrange(14))]
        texts[key] = " ".join(words) + _DICE.choice(("", ".", " {{count}}", " — “{{name}}”", " <b>now</b>", "…"))
        used += len(key) + len(texts[key]) + 6
    return texts


def _app_context() -> dict[str, object]:
    experiments = {f"{_DICE.choice(_ACTIONS)}_{_DICE.choice(_SUBJECTS)}_{_hex(4)}": {"vid": "v1"} for _ in range(380)}
    return {
        "language": "en",
        "region": "US",
        "appId": 1988,
        "appType": "t",
        "wid": "7555555555555555555",
        "webIdCreatedTime": "1795331000",
        "odinId": "7555555555555550000",
        "nonce": "k3Pz-not-a-secret-x1",
        "botType": "others",
        "requestId": "20261122070000ABCDEF0123456789ABCDEF",
        "clusterRegion": "us-ttp",
        "abTestVersion": {
            "versionName": ",".join(str(_DICE.randrange(70_000_000, 80_000_000)) for _ in range(120)),
            "parameters": experiments,
        },
    }


def _biz_context() -> dict[str, object]:
    links = [{"title": f"Menu {at}", "href": f"https://www.tiktok.com/about/{_hex(8)}?lang=en"} for at in range(40)]
    places = [
        {"value": f"lang-{at}", "alias": _hex(3), "label": f"Language {at}", "children": links[:7]} for at in range(60)
    ]
    return {
        "cookieConsent": dict.fromkeys(("ga", "af", "fbp", "lip", "bing", "ttads", "reddit", "criteo"), True),
        "os": "windows",
        "isMobile": False,
        "isAndroid": False,
        "isIOS": False,
        "jumpType": "t",
        "navList": [{"title": "Company", "children": links}],
        "langList": places,
        "vgeo": "VGeo-US",
        "idc": "useast5",
    }


def _head() -> str:
    rules = "".join(
        f".css-{_hex(7)}-Div{{display:flex;margin:{at}px 0;color:rgba(22,24,35,.{at % 9})}}" for at in range(260)
    )
    scripts = "".join(
        f'<script src="{_ASSETS}/webapp/{_hex(20)}.js" crossorigin="anonymous" defer></script>' for _ in range(24)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="UTF-8"/>\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1"/>\n<title>TikTok - Make Your Day</title>\n'
        f"{scripts}<style>{rules}</style>\n</head>\n<body>\n"
        '<script id="script-manager" type="application/json">{"groups":["necessary","functional"]}</script>\n'
    )


def _tail() -> str:
    chunks = "".join(
        f'<script src="{_ASSETS}/chunk/{_hex(24)}.js" crossorigin="anonymous"></script>' for _ in range(30)
    )
    return f'</script>\n<div id="app"></div>\n<script>window.__loadable__={{}}</script>{chunks}\n</body>\n</html>\n'


SCRIPT = b'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">'
HEAD = _head().encode()
TAIL = _tail().encode()


def _opening(translations: int) -> bytes:
    scope = {
        "webapp.app-context": _app_context(),
        "webapp.biz-context": _biz_context(),
        "webapp.i18n-translation": _translations(translations),
    }
    return HEAD + SCRIPT + b'{"__DEFAULT_SCOPE__":' + jsons.script(scope)[:-1]


BEFORE = _opening(158_000)
"""Everything up to the scopes of the post; what follows begins with a comma."""
AFTER = b',"webapp.a-b":{}}}' + TAIL
"""Everything from the end of the scopes of the post on."""
