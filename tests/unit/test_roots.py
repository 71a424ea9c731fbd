"""Every form of a base URL that vendors print leads to the roots it may stand for."""

from __future__ import annotations

import pytest

from conformance.roots import other_roots, roots

SITE = "https://gateway.example"


@pytest.mark.parametrize(
    ("path", "known", "expected"),
    [
        pytest.param("", "", ["/v1", "/api/v1", ""], id="site"),
        pytest.param("/api", "", ["/api/v1", "/api/api/v1", "/api"], id="/api"),
        pytest.param("/api/v1", "", ["/api/v1"], id="/api/v1"),
        pytest.param("/v1", "", ["/v1"], id="/v1"),
        pytest.param("/openai", "", ["/openai/v1", "/openai/api/v1", "/openai"], id="a prefix"),
        pytest.param("", "/api/v1", ["/api/v1", "/v1", ""], id="site, root known"),
        pytest.param("/api", "/api/v1", ["/api/v1", "/api/api/v1", "/api"], id="/api, root known"),
        pytest.param("/api/v1", "/api/v1", ["/api/v1"], id="/api/v1, root known"),
        pytest.param("/v1", "/api/v1", ["/v1"], id="/v1 where /api/v1 is known"),
        pytest.param("", "/v1", ["/v1", "/api/v1", ""], id="site, /v1 known"),
        pytest.param("/v1", "/v1", ["/v1"], id="/v1, /v1 known"),
        pytest.param(
            "/team/llm",
            "/api/v1",
            ["/team/llm/v1", "/team/llm/api/v1", "/team/llm"],
            id="a prefix where another root is known",
        ),
        pytest.param("", "/llm", ["/llm", "/v1", "/api/v1", ""], id="a root without version"),
    ],
)
def test_a_base_url_stands_for_some_roots_in_order(
    path: str, known: str, expected: list[str]
) -> None:
    assert roots(SITE + path, known) == [SITE + root for root in expected]


def test_the_port_belongs_to_the_root() -> None:
    assert roots("http://127.0.0.1:8080", "/api/v1")[0] == "http://127.0.0.1:8080/api/v1"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("/api/v1/v1", "/api/v1", id="version doubled"),
        pytest.param("/api/api/v1", "/api/v1", id="prefix doubled"),
        pytest.param("/v1/messages", "/v1", id="endpoint of Messages"),
        pytest.param("/api/v1/chat/completions", "/api/v1", id="endpoint of chat completions"),
        pytest.param("/v1/models", "/v1", id="endpoint of the model list"),
        pytest.param("/v1", "/api/v1", id="prefix missing"),
        pytest.param("/api/v2", "/api/v1", id="another version"),
        pytest.param("/docs", "/v1", id="a page of the site"),
        pytest.param("/app/keys", "/api/v1", id="a page deep in the site"),
    ],
)
def test_where_a_gateway_may_be_instead(path: str, found: str) -> None:
    assert SITE + found in other_roots(SITE + path)


def test_other_roots_are_tried_once_each_nearest_first() -> None:
    found = other_roots(f"{SITE}/api/v1/v1")

    assert found == [f"{SITE}{root}" for root in ("/api/v1", "/api/v1/v1", "/v1")]
