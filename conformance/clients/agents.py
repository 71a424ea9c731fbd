"""How each agent is pointed at a gateway: its variables, its configuration file, its run."""

from __future__ import annotations

import json

import tomli_w

from conformance.clients.place import PROMPT, Place, Settings

PROVIDER = "gateway"
"""What the gateway is called in clients that want a name for it."""

WINDOW = 200_000
LONGEST_ANSWER = 8_192
# Cline ignores an entry without a time; any will do.
_LONG_AGO = "2026-01-01T00:00:00.000Z"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def claude_code(place: Place) -> Settings:
    """A token, no key, and one model in every role."""
    models = ("ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL", "ANTHROPIC_SMALL_FAST_MODEL")
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_MAX_RETRIES": "0"}
    env = {
        "ANTHROPIC_BASE_URL": place.root,
        "ANTHROPIC_AUTH_TOKEN": place.key,
        # Set and empty: a key that is set anywhere else would be sent beside the token.
        "ANTHROPIC_API_KEY": "",
        **dict.fromkeys(models, place.model),
    }
    tools = ("--allowedTools", "Bash,Read", "--output-format", "json")
    return Settings({**env, **quiet}, {}, ("claude", "-p", PROMPT, *tools), frozenset(quiet))


def openclaw(place: Place) -> Settings:
    """One provider in its configuration file; a run may name another file."""
    model = {
        "id": place.model,
        "name": place.model,
        "reasoning": False,
        "input": ["text"],
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        "contextWindow": WINDOW,
        "maxTokens": LONGEST_ANSWER,
    }
    provider = {
        "baseUrl": place.usual,
        "apiKey": place.key,
        "api": "anthropic-messages" if place.is_anthropic else "openai-completions",
        "models": [model],
    }
    path, chosen = ".openclaw/openclaw.json", f"{PROVIDER}/{place.model}"
    config = {
        "models": {"providers": {PROVIDER: provider}},
        "agents": {"defaults": {"model": {"primary": chosen}}},
    }
    run = ("--config", f"{place.home}/{path}", "--cwd", ".", "--model", chosen, "--json")
    return Settings({}, {path: _json(config)}, ("openclaw", "agent", "exec", PROMPT, *run))


def cline(place: Place) -> Settings:
    """A provider that it knows by name, with another address."""
    provider = "anthropic" if place.is_anthropic else "openai-compatible"
    chosen = {
        "provider": provider,
        "apiKey": place.key,
        "model": place.model,
        "baseUrl": place.versioned,
    }
    entry = {"settings": chosen, "updatedAt": _LONG_AGO, "tokenSource": "manual"}
    settings = ".cline/data/settings"
    quiet = f"{settings}/global-settings.json"
    files = {
        f"{settings}/providers.json": _json(
            {
                "version": 1,
                "lastUsedProvider": provider,
                "modes": {},
                "providers": {provider: entry},
            }
        ),
        quiet: _json({"telemetryOptOut": True}),
    }
    argv = ("cline", "-P", provider, "-m", place.model, "--json", PROMPT)
    return Settings({}, files, argv, frozenset({quiet}))


def codex(place: Place) -> Settings:
    """One provider in its configuration file; it speaks the Responses API alone."""
    provider = {
        "name": PROVIDER,
        "base_url": place.versioned,
        "env_key": "GATEWAY_API_KEY",
        "wire_api": "responses",
    }
    config = {
        "model": place.model,
        "model_provider": PROVIDER,
        "model_providers": {PROVIDER: provider},
        "analytics": {"enabled": False},
        "features": {"plugins": False, "apps": False, "remote_plugin": False},
    }
    argv = ("codex", "exec", "--skip-git-repo-check", "-s", "danger-full-access", PROMPT)
    files = {".codex/config.toml": tomli_w.dumps(config)}
    return Settings({"GATEWAY_API_KEY": place.key}, files, argv)


def opencode(place: Place) -> Settings:
    """A provider made of a library of the AI SDK."""
    quiet = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
    files = {".config/opencode/opencode.json": _opencode_config(place)}
    argv = ("opencode", "run", "--auto", "--title", "gateway", PROMPT)
    return Settings(quiet, files, argv, frozenset(quiet))


def kilo(place: Place) -> Settings:
    """The same as opencode, under another name."""
    quiet = {"KILO_DISABLE_MODELS_FETCH": "1", "KILO_DISABLE_AUTOUPDATE": "1"}
    files = {".config/kilo/kilo.json": _opencode_config(place)}
    argv = ("kilo", "run", "--auto", "--title", "gateway", PROMPT)
    return Settings(quiet, files, argv, frozenset(quiet))


def _opencode_config(place: Place) -> str:
    library = "@ai-sdk/anthropic" if place.is_anthropic else "@ai-sdk/openai-compatible"
    provider = {
        "npm": library,
        "name": PROVIDER,
        "options": {"baseURL": place.versioned, "apiKey": place.key},
        "models": {place.model: {"name": place.model}},
    }
    chosen = f"{PROVIDER}/{place.model}"
    return _json({"model": chosen, "small_model": chosen, "provider": {PROVIDER: provider}})


def qwen(place: Place) -> Settings:
    """The variables of the official SDK, and the model."""
    quiet = ".qwen/settings.json"
    files = {quiet: _json({"privacy": {"usageStatisticsEnabled": False}})}
    argv = ("qwen", "--auth-type", place.protocol, "-m", place.model, "-y", PROMPT)
    name = place.protocol.upper()
    env = {
        f"{name}_API_KEY": place.key,
        f"{name}_BASE_URL": place.usual,
        f"{name}_MODEL": place.model,
    }
    return Settings(env, files, argv, frozenset({quiet}))


def pi(place: Place) -> Settings:
    """One provider in its file of models."""
    provider = {
        "baseUrl": place.usual,
        "api": "anthropic-messages" if place.is_anthropic else "openai-completions",
        "apiKey": place.key,
        "models": [{"id": place.model}],
    }
    files = {".pi/agent/models.json": _json({"providers": {PROVIDER: provider}})}
    run = ("--provider", PROVIDER, "--model", place.model, "--no-session")
    quiet = {"PI_OFFLINE": "1"}
    return Settings(quiet, files, ("pi", "-p", *run, PROMPT), frozenset(quiet))


def continue_cli(place: Place) -> Settings:
    """One model in its configuration file."""
    model = {
        "name": place.model,
        "provider": place.protocol,
        "model": place.model,
        "apiBase": place.versioned,
        "apiKey": place.key,
        "roles": ["chat"],
        "capabilities": ["tool_use"],
    }
    config = {"name": PROVIDER, "version": "1.0.0", "schema": "v1", "models": [model]}
    path = ".continue/config.yaml"
    argv = ("cn", "-p", "--auto", "--config", f"{place.home}/{path}", PROMPT)
    quiet = {"CONTINUE_TELEMETRY_ENABLED": "0"}
    # JSON is YAML.
    return Settings(quiet, {path: _json(config)}, argv, frozenset(quiet))


def roo(place: Place) -> Settings:
    """A form in the editor; its program for the command line is on no registry."""
    anthropic = {"Use custom base URL": place.root, "Anthropic API Key": place.key}
    openai = {"Base URL": place.versioned, "API Key": place.key}
    provider = "Anthropic" if place.is_anthropic else "OpenAI Compatible"
    address = anthropic if place.is_anthropic else openai
    return Settings({}, fields={"API Provider": provider, **address, "Model": place.model})
