"""Settings: read once, checked with sentences."""

import pytest

from clipmeter.settings import BadSetting, read_settings


def test_environment_wins_over_file_over_default(tmp_path):
    """A setting comes from the environment, else from the file, else from its default."""
    file = tmp_path / "clipmeter.toml"
    file.write_text('max_age = 5\nconcurrency = 7\nproxies = ["http://a:1", "socks5://b:2"]\n')
    settings = read_settings({"CLIPMETER_CONFIG": str(file), "CLIPMETER_CONCURRENCY": "9"})
    assert (settings.max_age, settings.concurrency, settings.free_requests) == (5, 9, 50)
    assert settings.proxies == ("http://a:1", "socks5://b:2")


def test_lists_from_a_file(tmp_path):
    """An item @PATH stands for the file's lines; remarks are none, and a region stays with its proxy."""
    file = tmp_path / "proxies.txt"
    file.write_text("# ours\nregion=US http://a:1\n\n  socks5://b:2  \n")
    settings = read_settings({"CLIPMETER_PROXIES": f"http://c:3, @{file}"})
    assert settings.proxies == ("http://c:3", "region=US http://a:1", "socks5://b:2")


def test_secret_from_a_file(tmp_path):
    """A secret can lie in a file, as container platforms give it."""
    (tmp_path / "secret").write_text("x" * 40 + "\n")
    assert read_settings({"CLIPMETER_SECRET_FILE": str(tmp_path / "secret")}).secret == "x" * 40


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"CLIPMETER_TIME_BUGET": "3"}, "did you mean CLIPMETER_TIME_BUDGET?"),
        ({"CLIPMETER_TIME_BUDGET": "soon"}, "must be a number of seconds"),
        ({"CLIPMETER_TIME_BUDGET": "nan"}, "must be a number of seconds"),
        ({"CLIPMETER_TIME_BUDGET": "0"}, "more than 0 seconds"),
        ({"CLIPMETER_MAX_AGE": "-1"}, "0 or more"),
        ({"CLIPMETER_FILL_SIZES": "maybe"}, "must be true or false"),
        ({"CLIPMETER_SECRET": "short"}, "32 characters or more"),
        ({"CLIPMETER_SECRET_FILE": "/does/not/exist"}, "cannot be read"),
        ({"CLIPMETER_CONFIG": "/does/not/exist"}, "cannot be read: No such file"),
        ({"CLIPMETER_SECRET": "x" * 40, "CLIPMETER_SECRET_FILE": "/dev/null"}, "are both set"),
        ({"CLIPMETER_DATABASE_URL": "mysql://u:hidden@h/d"}, "sqlite:///PATH"),
        ({"CLIPMETER_DATABASE_URL": "postgresql://u:p@h:port/d"}, "not a readable address"),
        ({"CLIPMETER_UPSTREAM": "localhost:9000"}, "like http://127.0.0.1:9000"),
        ({"CLIPMETER_PROXIES": "ftp://x"}, "like http://HOST:PORT"),
        ({"CLIPMETER_PROXIES": "region=USA http://x:1"}, "region=US http://HOST:PORT"),
        ({"CLIPMETER_PROXIES": "@/does/not/exist"}, "cannot be read: No such file"),
        ({"CLIPMETER_SOURCES": "webpage,website"}, "one or more of webpage, embed, appjson, ytdlp"),
        ({"CLIPMETER_SOURCES": ","}, "one or more of webpage"),
        ({"CLIPMETER_REQUEST_BUDGET": "0"}, "1 or more"),
        ({"CLIPMETER_REGION": "USA"}, "two letters"),
        ({"CLIPMETER_LOG_LEVEL": "loud"}, "debug, info, warning or error"),
        ({"CLIPMETER_IMPERSONATE": ","}, "one browser or more"),
        ({"CLIPMETER_CONTACT": "the boss"}, "an e-mail address, or an address like https://"),
        ({"CLIPMETER_CONTACT": "javascript://x@y"}, "an e-mail address, or an address like https://"),
        ({"CLIPMETER_SIGNUP": "friends"}, "open, invite or closed"),
        ({"CLIPMETER_SMTP_URL": "mail.example.org"}, "smtp://USER:PASSWORD@HOST:587"),
        ({"CLIPMETER_SMTP_URL": "smtp://mail.example.org"}, "CLIPMETER_SMTP_FROM is empty"),
        ({"CLIPMETER_SMTP_URL": "smtp://h", "CLIPMETER_SMTP_FROM": "a@b.c"}, "CLIPMETER_PUBLIC_URL is empty"),
        ({"CLIPMETER_OIDC_ISSUER": "https://h"}, "CLIPMETER_PUBLIC_URL is empty"),
        ({"CLIPMETER_OIDC_ISSUER": "h", "CLIPMETER_PUBLIC_URL": "https://h"}, "like https://HOST"),
        (
            {"CLIPMETER_OIDC_ISSUER": "https://h", "CLIPMETER_PUBLIC_URL": "https://h"},
            "CLIPMETER_OIDC_CLIENT_ID is empty",
        ),
    ],
)
def test_bad_values_fail_loudly(environ, sentence):
    """Each wrong setting stops the start with a sentence that names it and says what would be right."""
    with pytest.raises(BadSetting, match="CLIPMETER_") as told:
        read_settings(environ)
    assert sentence in str(told.value)


def test_empty_means_default():
    """An empty variable is as good as none: a home folder above all."""
    assert read_settings({"CLIPMETER_HOME": "", "CLIPMETER_MAX_AGE": ""}) == read_settings({})


def test_names_in_a_file_are_spelled_as_there(tmp_path):
    """A mistyped name is corrected in the way the place wants it."""
    (tmp_path / "file.toml").write_text("price_micro = 3")
    with pytest.raises(BadSetting, match=r"did you mean price_micros\?"):
        read_settings({"CLIPMETER_CONFIG": str(tmp_path / "file.toml")})


@pytest.mark.parametrize(
    "url", ["mysql://u:hidden@h/d", "postgresql://u:hid/den#hidden@h/d", "hidden", "postgres://[hidden/d"]
)
def test_secrets_are_not_told(url):
    """A sentence about a bad setting never repeats a password, wherever it stands."""
    with pytest.raises(BadSetting) as told:
        read_settings({"CLIPMETER_DATABASE_URL": url})
    assert "hidden" not in str(told.value)
    with pytest.raises(BadSetting) as told:
        read_settings({"CLIPMETER_SMTP_URL": url})
    assert "hidden" not in str(told.value)
