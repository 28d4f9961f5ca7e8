"""Subtitles of a post, in WebVTT."""

from functools import lru_cache

from fauxtok.posts import Post

_TRANSLATED = ("spa-ES", "fra-FR", "deu-DE", "jpn-JP", "ara-SA", "por-PT", "cmn-Hans-CN")
_CUE = 4  # seconds
_GAP = "\x7f"


def languages(post: Post) -> tuple[str, ...]:
    """The languages a post has subtitles in, the spoken one first; none when nobody speaks."""
    if not post.subtitle:
        return ()
    if post.shape == "subtitled":
        return (post.subtitle, *_TRANSLATED)
    return (post.subtitle,) if post.subtitle == "eng-US" else (post.subtitle, "eng-US")


def webvtt(post: Post, language: str) -> bytes:
    """Cues from the first second to the last; each names its language and its number."""
    text = post.text.split("\n", 1)[0].replace("&", "&amp;").replace("<", "&lt;") or "(music)"
    return _cues(post.duration).replace(_GAP, f"{text} [{language}").encode()


@lru_cache(maxsize=64)
def _cues(duration: int) -> str:
    """All of the file but its words, which are the same in every cue."""
    cues = [
        f"{_time(start)} --> {_time(min(start + _CUE, duration))}\n{_GAP} {at}]\n"
        for at, start in enumerate(range(0, duration, _CUE), 1)
    ]
    return "WEBVTT\n\n\n" + "\n".join(cues)


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"
