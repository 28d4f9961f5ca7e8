"""Code with its colours, as HTML: spans of few classes, to which the style sheet gives colours.

Pygments' own HTML has a span around every word, space and comma, which makes a page of code some three times as long.
"""

from functools import lru_cache
from itertools import groupby

from markupsafe import Markup, escape
from pygments import lex
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

_REMEMBERED = 500
_LEXERS = {"curl": "bash", "sh": "bash"}
"""Names of ours that Pygments does not know."""
_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment.Preproc, "hk"),  # <?php
    (Comment, "hc"),
    (Keyword.Constant, "hn"),
    (Keyword, "hk"),
    (String.Interpol, "hv"),
    (String, "hs"),
    (Number, "hn"),
    (Name.Tag, "hv"),  # the keys of JSON
    (Name.Variable, "hv"),
    (Name.Attribute, "hv"),
    (Name.Builtin, "hv"),
    (Name.Function, "hv"),
)
"""Kinds of words and their class, the first that fits; all others are plain."""


@lru_cache(_REMEMBERED)
def highlight(code: str, language: str) -> Markup:
    """The code as `coloured` makes it, remembered: for what is the same for everybody."""
    return coloured(code, language)


def coloured(code: str, language: str) -> Markup:
    """The code as HTML, without anything around it. A language that is not known has no colours; all are escaped."""
    words = ((_class_of(kind), text) for kind, text in lex(code, _lexer(language)))
    runs = ((kind, "".join(text for _, text in run)) for kind, run in groupby(words, key=lambda word: word[0]))
    return Markup().join(Markup('<span class="{}">{}</span>').format(k, t) if k else escape(t) for k, t in runs)


def _class_of(kind: _TokenType) -> str:
    return next((name for parent, name in _CLASSES if kind in parent), "")


def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(_LEXERS.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False, ensurenl=False)
