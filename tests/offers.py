"""An endpoint that nobody sells, with HTML wherever a text can be: what pages make of a new one. For tests."""

from typing import Annotated

import msgspec
from msgspec import Meta

from clipmeter.endpoints.base import Endpoint, Parameter, Question

HTML = "<script>alert(1)</script><b>bold</b>\u202e"
HOW_MANY = 3


class Seller(msgspec.Struct, frozen=True):
    """Who offers it."""

    name: Annotated[str, Meta(description=f"The seller's name {HTML}", examples=[HTML])] = ""
    rating: Annotated[float | None, Meta(description="Stars; null: nobody said")] = None


class Offer(msgspec.Struct, frozen=True):
    """One thing for sale."""

    title: Annotated[str, Meta(description=f"What it is {HTML}", examples=[HTML])]
    page_url: Annotated[str, Meta(description="Where it is")] = ""
    sellers: Annotated[tuple[Seller, ...], Meta(description="All who sell it")] = ()


class Details(msgspec.Struct, frozen=True):
    """What is added on request."""

    colours: Annotated[tuple[str, ...], Meta(description="With `include=colours`: colours it comes in")] = ()


class Offered(msgspec.Struct, frozen=True):
    """The body of a 200."""

    best_offer: Offer
    count: Annotated[int, Meta(description="How many there are", examples=[HOW_MANY])]


def example_body(base_url):
    return msgspec.json.encode(Offered(Offer(HTML, f"{base_url}/x", (Seller(HTML),)), HOW_MANY))


OFFER = Endpoint(
    name="shop_offers",
    path="/v1/offers",
    title=f"Offers {HTML}",
    promise=f"Tells the best offer. {HTML}",
    parameters=(
        Parameter(
            name="q", description=f"What you want {HTML}", schema={"type": "string", "maxLength": 9}, example="a b"
        ),
        Parameter(
            name="most", description="How many", schema={"type": "integer", "minimum": 1, "maximum": 9}, example="1"
        ),
    ),
    read=dict,
    result=Offered,
    optional=(Offer, Details),
    render=lambda answer, _query, _relayed: msgspec.json.encode(answer),
    example=("q",),
    example_body=example_body,
    shown=("best_offer.title", "best_offer.page_url"),
    questions=(Question(f"Is {HTML} safe?", "Yes, for {link_life}. See [errors](/docs/errors)."),),
)
