"""`python -m fauxstripe`: says its address on the first line, and ends with its input."""

import argparse
import sys

from fauxstripe.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(description="A look-alike of Stripe, for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="sk_test_fauxstripe")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--webhook-secret", default="whsec_fauxstripe")
    given = parser.parse_args()
    site, server = serve(given.key, given.port)
    site.hooks.url, site.hooks.secret = given.webhook_url, given.webhook_secret
    sys.stdout.write(f"{site.base}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


main()
