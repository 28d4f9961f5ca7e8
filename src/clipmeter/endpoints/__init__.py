"""What is sold, one file per endpoint; ENDPOINTS is the order of the docs."""

from clipmeter.endpoints.tiktok_video import TIKTOK_VIDEO

ENDPOINTS = (TIKTOK_VIDEO,)
