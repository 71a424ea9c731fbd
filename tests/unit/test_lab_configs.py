"""The files that `gateway-conformance lab` makes for a gateway in front of it."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import yaml

from conformance.directions import UPSTREAM_MODEL
from conformance.lab_configs import Upstream, litellm, portkey
from conformance.registry import LAB_MODELS

UPSTREAM = Upstream("http://127.0.0.1:4010", "http://127.0.0.1:4011")


def deployments() -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(litellm(UPSTREAM))["model_list"]
    return {deployment["model_name"]: deployment for deployment in found}


def test_a_model_with_two_providers_falls_back_to_a_deployment_of_its_own() -> None:
    (fallbacks,) = (
        rule["lab-openai-fallback"]
        for rule in yaml.safe_load(litellm(UPSTREAM))["router_settings"]["fallbacks"]
        if "lab-openai-fallback" in rule
    )
    asked = [deployments()[name]["litellm_params"] for name in ("lab-openai-fallback", *fallbacks)]

    assert [one["api_base"].split("/")[-2] for one in asked] == ["openai-first", "openai-second"]


def test_litellm_is_told_what_only_an_anthropic_model_is_able_to_do() -> None:
    able = {name: one.get("model_info", {}) for name, one in deployments().items()}

    assert able["lab-anthropic"]["supports_adaptive_thinking"] is True
    assert able["lab-openai"] == {}


def test_portkey_finds_a_target_for_every_model_and_sends_the_upstreams_name_for_it() -> None:
    config = json.loads(tomllib.loads(portkey(UPSTREAM))["headers"]["x-portkey-config"])
    conditions = [(rule["query"], rule["then"]) for rule in config["strategy"]["conditions"]]
    targets = {target["name"]: target for target in config["targets"]}

    names = list(LAB_MODELS.values())
    assert conditions == [({"params.model": {"$eq": name}}, name) for name in names]
    assert list(targets) == names
    assert targets["lab-openai"]["override_params"] == {"model": UPSTREAM_MODEL}
    assert [one["custom_host"] for one in targets["lab-anthropic-refused"]["targets"]] == [
        "http://127.0.0.1:4011/v1",
        "http://127.0.0.1:4010/anthropic-second/v1",
    ]
