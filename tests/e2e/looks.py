"""The four ways to look at the site, and the pages that are looked at. A new page is one line in PUBLIC or MEMBERS."""

from dataclasses import dataclass, field
from typing import Any

from clipmeter.web.docs.guides import guides
from clipmeter.web.openapi import problems


@dataclass(frozen=True)
class Look:
    """One way to look at it."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    axe: bool = False
    """Whether axe judges its pages."""
    narrow: bool = False
    """Whether nothing may be wider than the window."""

    @property
    def scripts(self) -> bool:
        return self.options.get("java_script_enabled", True)


WIDE = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
LOOKS = (
    Look("light", {**WIDE, "color_scheme": "light"}, axe=True),
    Look("dark", {**WIDE, "color_scheme": "dark"}, axe=True),
    Look("phone", {**PHONE, "color_scheme": "light"}, axe=True, narrow=True),
    Look("nojs", {**WIDE, "color_scheme": "light", "java_script_enabled": False}),
)

PUBLIC = {
    "catalogue": "/",
    "endpoint": "/endpoints/tiktok-video",
    "docs": "/docs",
    **{f"guide-{guide.slug}": guide.path for guide in guides()},
    "errors": "/docs/errors",
    "error": "/docs/errors/payment_required",
    "reference": "/docs/api",
    "changelog": "/changelog",
    "search": "/search?q=payment",
    "search-nothing": "/search?q=zebra",
    "status": "/status",
    "signup": "/signup",
    "login": "/login",
    "reset": "/reset",
    "not-found": "/nowhere",
}
MEMBERS = {
    "start": "/start",
    "playground": "/playground",
    "keys": "/keys",
    "usage": "/usage",
    "usage-by-key": "/usage?by=key",
    "requests": "/requests",
    "requests-failed": "/requests?outcome=failed",
    "request": "/requests/{request}",
    "request-failed": "/requests/{failed}",
    "limits": "/limits",
    "billing": "/billing",
    "account": "/account",
    "account-delete": "/account/delete",
    "password": "/password",
}
CODES = {f"error-{problem.code}": f"/docs/errors/{problem.code}" for problem in problems()}
"""All alike: these are looked at in one look only."""
EMPTY = ("start", "playground", "keys", "usage", "requests", "billing")
"""Pages that are looked at with a fresh account too: what they say where there is nothing yet."""
HEAVY = {"reference", "playground"}
"""These may load more script than others."""
MOST_SCRIPT = 60 * 1024
"""Bytes, compressed, of all the scripts of a page."""
