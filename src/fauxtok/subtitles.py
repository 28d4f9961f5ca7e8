"""Subtitles of a post, in WebVTT."""

from fauxtok.world import Post


def languages(post: Post) -> tuple[str, ...]:
    """The languages a post has subtitles in, the spoken one first; none when nobody speaks."""
    if not post.subtitle:
        return ()
    return (post.subtitle,) if post.subtitle == "eng-US" else (post.subtitle, "eng-US")


def webvtt(post: Post, language: str) -> bytes:
    """One cue over the whole video."""
    text = post.text.split("\n", 1)[0] or "(music)"
    minutes, seconds = divmod(post.duration, 60)
    cue = f"00:00:00.000 --> 00:{minutes:02}:{seconds:02}.000\n{text} [{language}]\n"
    return f"WEBVTT\n\n\n{cue}".encode()
