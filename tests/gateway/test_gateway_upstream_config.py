"""Providers and models as they are configured: what a file may say, and what is complained of."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest
from gateway_live import live
from upstream_fake import NAME, ask, fake, healthy, plain, provider

from reference_gateway.catalogue import BUILT_IN, Model
from reference_gateway.chat import CacheUse, Usage
from reference_gateway.config import Config, load
from reference_gateway.errors import UsageError
from reference_gateway.upstream.providers import Provider, ready

SOUND = """
[[providers]]
name = "vendor"
protocol = "openai"
base_url = "https://vendor.example/v1"
key = "env:VENDOR_KEY"
first_byte_s = 2.5

[[models]]
name = "small"
providers = ["vendor", "scripted"]
upstream_model = "small-2026"
input_usd_per_million = 0.15
output_usd_per_million = 0.6
"""
PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
SECRET = "sk-very-secret-0123456789"


def _loaded(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    config = load(path)
    BUILT_IN.joined(config.models, ready(config.providers, {"VENDOR_KEY": SECRET}))


def test_a_file_names_providers_and_models(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(SOUND, encoding="utf-8")
    config = load(path)

    (model,) = config.models
    assert model.providers == ("vendor", "scripted") and model.name_upstream == "small-2026"
    assert model.display_name == "small" and model.input_usd_per_million == Fraction(15, 100)
    vendor = ready(config.providers, {"VENDOR_KEY": SECRET})["vendor"]
    assert (vendor.key, vendor.first_byte_s, vendor.silence_s) == (SECRET, 2.5, 300.0)
    assert SECRET not in repr(vendor)


def test_a_price_below_a_dollar_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(SOUND, encoding="utf-8")
    (model,) = load(path).models
    assert model.price_nanousd(Usage(100, 10)) == 100 * 150 + 10 * 600
    assert model.price_nanousd(Usage(7, 0, CacheUse(read_tokens=7))) == 7 * 15


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"env:VENDOR_KEY"', f'"{SECRET}"', "key must be env:NAME"),
        ("env:VENDOR_KEY", "env:OTHER_KEY", "environment variable OTHER_KEY is not set"),
        ('protocol = "openai"', 'protocol = "gopher"', "one of openai, anthropic, scripted"),
        ("https://vendor.example/v1", "vendor.example", "base_url must be an http or https"),
        ('name = "vendor"', 'name = "scripted"', "two providers are named 'scripted'"),
        ('name = "vendor"', "", "name is missing"),
        ("first_byte_s", "first_bite_s", "unknown setting 'first_bite_s'"),
        ("2.5", '"2.5"', "first_byte_s must be a number"),
        ('["vendor", "scripted"]', '["vender"]', "unknown provider 'vender'"),
        ('["vendor", "scripted"]', "[]", "has no provider"),
        ("0.15", "-1", "input_usd_per_million must be a number, 0 or more"),
        ("output_usd_per_million = 0.6", "", "output_usd_per_million is missing"),
        ("output_usd_per_million", 'task = "embedding"\noutput_usd_per_million', "no embeddings"),
        ("[[models]]", "[models]", "must be tables"),
    ],
)
def test_a_mistake_is_one_line_that_never_shows_a_key(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(UsageError) as found:
        _loaded(tmp_path, SOUND.replace(old, new, 1))
    message = str(found.value)
    assert complaint in message and "\n" not in message and SECRET not in message


def test_two_models_may_not_have_one_name(tmp_path: Path) -> None:
    _, model = SOUND.split("[[models]]")
    with pytest.raises(UsageError, match="two models are named 'small'"):
        _loaded(tmp_path, f"{SOUND}\n[[models]]{model}")


def test_a_configured_model_takes_the_place_of_the_one_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(SOUND.replace('"small"', '"claude-haiku-4-5"'), encoding="utf-8")
    joined = BUILT_IN.joined(load(path).models, ("scripted", "vendor"))
    assert len(joined.models) == len(BUILT_IN.models)
    assert joined.find("anthropic/claude-haiku-4-5").providers == ("vendor", "scripted")


@pytest.mark.parametrize(("asked", "sent"), [(50_000, 50_000), (90_000, 64_000)])
@pytest.mark.parametrize(("client", "upstream"), [("anthropic", "openai"), ("openai", "anthropic")])
def test_a_budget_is_bounded_by_what_the_model_is_configured_with(
    client: str, upstream: str, asked: int, sent: int
) -> None:
    with fake() as found:
        # The first one is asked in the client's own words, the second in others.
        found.will(plain("", status=500), healthy(upstream, is_stream=False))
        first, second = provider(found, client), provider(found, upstream, "second")
        model = Model(NAME, 1, 5, NAME, providers=("first", "second"), max_output_tokens=64_000)
        with live(Config(providers=(first, second), models=(model,))) as gateway:
            assert ask(gateway, client, max_tokens=asked).status_code == 200
        passed, translated = (received.json for received in found.received)

    assert passed["max_tokens"] == asked
    assert translated.get("max_completion_tokens", translated.get("max_tokens")) == sent


def test_a_provider_without_a_key_sends_none() -> None:
    assert Provider("local", "openai", "http://127.0.0.1:1/v1").credential == {}


def test_the_example_of_the_page_can_be_used(tmp_path: Path) -> None:
    example = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    path = tmp_path / "gateway.toml"
    path.write_text(example, encoding="utf-8")
    config = load(path)
    named = ready(config.providers, {"VENDOR_KEY": "one", "SPARE_KEY": "two"})
    joined = BUILT_IN.joined(config.models, named)
    assert [named[name].key for name in joined.find("small").providers] == ["one", "two"]


@pytest.mark.parametrize("kind", [Provider, Model])
def test_the_page_tells_every_setting(kind: type) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [field.name for field in fields(kind) if f"`{field.name}`" not in page] == []
