"""Which addresses may be registered for webhooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.webhook_urls import url_problems


@pytest.mark.parametrize(
    "url",
    [
        "https://rms.example.org/hook",
        "https://rms.example.org:8443/hook?from=tallystick",
        "https://8.8.8.8/hook",
        "https://[2606:4700::1111]/hook",
        "https://xn--bcher-kva.example/",
    ],
)
def test_https_to_a_public_host_may_be_registered(url: str) -> None:
    assert url_problems(url) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://rms.example.org/hook",
        "ftp://rms.example.org/",
        "https://user:pass@rms.example.org/",
        "https://user@rms.example.org/",
        "https://rms.example.org/#part",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://rms/",
        "https://rms.internal/",
        "https://rms.local/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://127.1/",
        "https://2130706433/",
        "https://",
        "https:///hook",
        "//rms.example.org",
        "rms.example.org",
        "",
        "https://rms.example.org:0/",
        "https://rms.example.org:99999/",
        "https://rms.example.org/a b",
        "https://rms.example.org\\@evil.example/",
        "https://b\u00fccher.example/",
        "https://rms.example.org/" + "x" * 2000,
        "https://[::1/",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    problems = url_problems(url)
    assert problems
    assert {problem.field for problem in problems} == {"url"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/hook", "https://rms.internal/", "http://10.1.2.3/"])
def test_a_closed_network_may_be_allowed(url: str) -> None:
    assert url_problems(url)
    assert url_problems(url, allow_private=True) == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://user:pass@127.0.0.1/", "http://127.0.0.1/#part"])
def test_a_closed_network_does_not_allow_everything(url: str) -> None:
    assert url_problems(url, allow_private=True)


@given(st.text(max_size=80), st.booleans())
def test_no_text_breaks_the_check(text: str, allow_private: bool) -> None:
    for url in (text, f"https://{text}", f"https://host.example/{text}"):
        url_problems(url, allow_private=allow_private)
