"""A video as a card in a terminal."""

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clipmeter.model import Video

COUNTS = (
    ("plays", "play_count"),
    ("likes", "likes"),
    ("comments", "comments"),
    ("shares", "shares"),
    ("saves", "saves"),
    ("downloads", "downloads"),
)
LINKS = (
    ("video", "video_url", "size"),
    ("video HD", "video_url_hd", "size_hd"),
    ("watermarked", "video_url_watermarked", "size_watermarked"),
    ("cover", "cover", ""),
    ("music", "music_url", ""),
)


def print_card(console: Console, video: Video) -> None:
    """The card, then every link on a line of its own, whole, so that it can be copied."""
    console.print(Panel(Group(*_lines(video)), title=Text(video.video_id), title_align="left", border_style="cyan"))
    for label, link, size in LINKS:
        if url := getattr(video, link):
            about = f" ({megabytes(getattr(video, size))})" if size else ""
            console.print(Text.assemble((f"{label}{about}", "bold")), soft_wrap=True)
            console.print(Text(f"  {url}"), soft_wrap=True)


def _lines(video: Video) -> list[RenderableType]:
    title = Text(video.title or "(no caption)", style="bold" if video.title else "dim")
    author = Text.assemble((video.author_name or video.author, "cyan"), f"  @{video.author}  {video.author_url}")
    facts = [video.date + " UTC" if video.date else "", video.region, f"{video.duration} s" if video.duration else ""]
    kind = "photo post" if "/photo/" in video.url else ""
    about = " · ".join(filter(None, [*facts, kind, "ad" if video.is_ad else ""]))
    music = f"♪ {video.music_title} - {video.music_author}" if video.music_title else ""
    return [title, author, Text(about), _counts(video), Text(music), Text(video.url, style="dim")]


def _counts(video: Video) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for label, _ in COUNTS:
        table.add_column(label, style="bold", header_style="dim")
    table.add_row(*(_count(getattr(video, field)) for _, field in COUNTS))
    return table


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def megabytes(size: int | None) -> str:
    """Bytes for a person; decimal megabytes."""
    return "size unknown" if size is None else f"{size / 1e6:,.1f} MB"
