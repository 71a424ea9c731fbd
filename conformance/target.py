"""Who is tested: the base URL, where it came from, and the keys that may be sent there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from conformance import profile as profiles
from conformance import profile_headers
from conformance.errors import UsageError
from conformance.kinds import Protocol
from conformance.profile import Profile
from conformance.profile_headers import ProfileHeaders
from conformance.registry import LAB_MODELS, SCRIPTED
from conformance.secret import Secret

KEY_ROLES = ("valid", "capped", "broke", "revoked")
EMBEDDED = "the embedded reference gateway"


@dataclass(frozen=True)
class Wish:
    """What the user asked for on the command line; empty where nothing was said."""

    base_url: str = ""
    profile: str = ""
    key_file: str = ""
    model: str = ""
    model_openai: str = ""
    model_anthropic: str = ""
    protocols: tuple[str, ...] = ()
    anthropic_version: str = ""
    lab: str = ""
    reference_url: str = ""
    reference_profile: str = ""
    reference_model: str = ""


@dataclass(frozen=True)
class LabAddress:
    """Where the lab behind a gateway listens, and the token for its control API."""

    url: str
    token: Secret


@dataclass(frozen=True)
class Target:
    """The gateway under test.

    An empty `base_url` stands for the embedded gateway before it was started.
    `headers` are sent with every request, `hidden` names those that are secret; `inserted`
    are the secrets inside the others.
    """

    base_url: str
    origin: str
    profile: Profile
    keys: Mapping[str, Secret]
    models: Mapping[str, str]
    headers: Mapping[str, Secret]
    hidden: tuple[str, ...] = ()
    lab: LabAddress | None = None
    inserted: tuple[Secret, ...] = ()

    @property
    def has_lab(self) -> bool:
        """Whether the lab stands behind it; the embedded gateway will be started with one."""
        return self.lab is not None or (self.is_embedded and not self.base_url)

    @property
    def lab_models(self) -> frozenset[str]:
        """The models that are the lab: nobody has to be paid for what they answer."""
        if not self.has_lab:
            return frozenset()
        return frozenset(self.models[role] for role in LAB_MODELS if role in self.models)

    @property
    def is_embedded(self) -> bool:
        """Whether the suite starts this gateway itself."""
        return self.origin == EMBEDDED

    @property
    def host(self) -> str:
        """Host and port as they name the run folder."""
        parts = urlsplit(self.base_url)
        port = f"-{parts.port}" if parts.port else ""
        return f"{parts.hostname or 'embedded'}{port}".replace(":", "_")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything that the user gave and nobody may read."""
        hidden = (self.headers[name] for name in self.hidden)
        of_lab = (self.lab.token,) if self.lab else ()
        return (*self.keys.values(), *hidden, *self.inserted, *of_lab)

    @property
    def is_loopback(self) -> bool:
        """Whether the traffic stays on this machine."""
        return is_loopback(self.base_url)

    def started(self, base_url: str, key: Secret, lab: LabAddress | None = None) -> Target:
        """The embedded target, now that it runs."""
        return replace(self, base_url=base_url, keys={"valid": key}, lab=lab)


def resolve(wish: Wish, environ: Mapping[str, str]) -> Target:
    """The target that options and environment name; raises UsageError."""
    base_url, origin = _base_url(wish, environ)
    profile = profile_of(wish, environ)
    # The embedded gateway gets nothing of the environment: neither key nor model.
    offered = {} if origin == EMBEDDED else environ
    keys = {} if origin == EMBEDDED else dict(_keys(profile, wish, base_url, origin, environ))
    lab = _lab(wish.lab, origin, environ)
    models = _models(profile, wish, offered.get("GATEWAY_MODEL", ""), lab is not None)
    headers = _headers(profile, base_url, origin, offered)
    profile = _obeying(profile, models) if lab else profile
    return Target(
        base_url=base_url,
        origin=origin,
        profile=profile,
        keys=keys,
        models=models,
        headers=headers.values,
        hidden=headers.hidden,
        inserted=headers.inserted,
        lab=lab,
    )


def _lab(url: str, origin: str, environ: Mapping[str, str]) -> LabAddress | None:
    """The lab behind the gateway, where `--lab` names it; raises UsageError."""
    if not url:
        return None
    if origin == EMBEDDED:
        raise UsageError("--lab is for --base-url: the embedded gateway has a lab of its own")
    token = environ.get("GATEWAY_LAB_TOKEN", "").strip()
    if not token:
        raise UsageError("--lab: set GATEWAY_LAB_TOKEN to what `gateway-conformance lab` printed")
    return LabAddress(_checked(url, "--lab"), _secret(token, "GATEWAY_LAB_TOKEN"))


def _obeying(profile: Profile, models: Mapping[str, str]) -> Profile:
    """The profile, claiming `scripted_upstream` where every primary model is the lab."""
    of_lab = {models[role] for role in LAB_MODELS if role in models}
    if not all(models.get(str(protocol)) in of_lab for protocol in profile.endpoints):
        return profile
    return replace(profile, capabilities=profile.capabilities | {SCRIPTED})


def resolve_direct(wish: Wish, environ: Mapping[str, str]) -> Target | None:
    """The provider behind the gateway, where `--reference-url` names it; raises UsageError.

    The gateway's key never goes there: only `GATEWAY_REFERENCE_KEY`, or a variable of the
    profile of that host.
    """
    if not wish.reference_url:
        return None
    url = _checked(wish.reference_url, "--reference-url")
    profile = direct_profile_of(wish, environ)
    key = environ.get("GATEWAY_REFERENCE_KEY", "") or _own_key(profile, url, environ)
    if not key:
        raise UsageError("--reference-url: no key for it; set GATEWAY_REFERENCE_KEY")
    models = resolve(wish, environ).models
    primary = {role: models[role] for role in ("anthropic", "openai") if role in models}
    asked = {str(protocol): wish.reference_model for protocol in profile.endpoints}
    named = {role: model for role, model in asked.items() if model}
    headers = _headers(profile, url, "--reference-url", environ)
    return Target(
        base_url=url,
        origin="--reference-url",
        profile=profile,
        keys={"valid": _secret(key.strip(), "GATEWAY_REFERENCE_KEY")},
        models={r: m for r, m in {**profile.models, **primary, **named}.items() if m},
        headers=headers.values,
        hidden=headers.hidden,
        inserted=headers.inserted,
    )


def direct_profile_of(wish: Wish, environ: Mapping[str, str]) -> Profile:
    """The provider's profile, judged as strictly as the gateway, on its protocols."""
    gateway = profile_of(wish, environ)
    named = wish.reference_profile
    found = profiles.load(named) if named else profiles.of_host(wish.reference_url)
    shared = {name: end for name, end in found.endpoints.items() if name in gateway.endpoints}
    if not shared:
        raise UsageError(f"--reference-url: the profile {found.name} shares no protocol")
    return replace(found, kind=gateway.kind, endpoints=shared)


def _own_key(profile: Profile, url: str, environ: Mapping[str, str]) -> str:
    host = urlsplit(url).hostname or ""
    names = profile.keys["valid"].env if profile.names_host(host) else ()
    found = (environ.get(name, "") for name in names if not name.startswith("GATEWAY_"))
    return next((key for key in found if key), "")


def profile_of(wish: Wish, environ: Mapping[str, str]) -> Profile:
    """The profile alone, for those that judge and hold no key; raises UsageError."""
    base_url, origin = _base_url(wish, environ)
    claimed = _claimed(_profile(wish, base_url, origin), wish.protocols)
    return _versioned(claimed, wish.anthropic_version)


def is_loopback(url: str) -> bool:
    """Whether the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _base_url(wish: Wish, environ: Mapping[str, str]) -> tuple[str, str]:
    named = wish.profile or "TOKENHUB_API_KEY" in environ
    offers = (
        (wish.base_url, "--base-url"),
        (environ.get("PYTEST_BASE_URL", ""), "PYTEST_BASE_URL"),
        (environ.get("BASE_URL", "") if named else "", "BASE_URL"),
    )
    for url, origin in offers:
        if url:
            return _checked(url, origin), origin
    return "", EMBEDDED


def _checked(url: str, origin: str) -> str:
    expected = "expected http://host[:port][/path] or https://..."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{origin}: found a URL that cannot be read, {expected}") from None
    if parts.username or parts.password:
        raise UsageError(f"{origin}: found credentials in the URL, {expected}")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f"{origin}: found {url!r}, {expected}")
    if parts.query or parts.fragment:
        raise UsageError(f"{origin}: found a query or fragment in {url!r}, {expected}")
    return url.rstrip("/")


def _profile(wish: Wish, base_url: str, origin: str) -> Profile:
    if wish.profile:
        return profiles.load(wish.profile)
    if origin == EMBEDDED:
        return profiles.load("reference")
    found = profiles.of_host(base_url)
    # BASE_URL counts only beside TOKENHUB_API_KEY: the pair of TokenHub's own test script.
    return profiles.load("tokenhub") if origin == "BASE_URL" and not found.hosts else found


def _claimed(profile: Profile, protocols: tuple[str, ...]) -> Profile:
    wanted = {Protocol(name) for name in protocols} or set(profile.endpoints)
    missing = wanted - set(profile.endpoints)
    if missing:
        names = ", ".join(sorted(missing))
        raise UsageError(f"--protocol: the profile {profile.name} does not claim {names}")
    chosen = {name: value for name, value in profile.endpoints.items() if name in wanted}
    return replace(profile, endpoints=chosen)


def _versioned(profile: Profile, version: str) -> Profile:
    """The profile with the API version of the Anthropic protocol that the user wants."""
    if not version:
        return profile
    if Protocol.ANTHROPIC not in profile.endpoints:
        raise UsageError("--anthropic-version: the Anthropic protocol is not judged in this run")
    spoken = replace(profile.endpoints[Protocol.ANTHROPIC], version=version)
    return replace(profile, endpoints={**profile.endpoints, Protocol.ANTHROPIC: spoken})


def _keys(
    profile: Profile, wish: Wish, base_url: str, origin: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, Secret]]:
    if wish.key_file:
        yield "valid", _from_file(wish.key_file, "--api-key-file")
    for role, source in profile.keys.items():
        if role == "valid" and wish.key_file:
            continue
        names = [name for name in source.env if _may_send(name, profile, base_url, origin)]
        found = next((environ[name] for name in names if environ.get(name)), "")
        if found:
            yield role, _secret(found.strip(), " or ".join(names))
        elif source.file:
            yield role, _from_file(source.file, f"profile {profile.name}: keys.{role}.file")


def _may_send(variable: str, profile: Profile, base_url: str, origin: str) -> bool:
    """A profile's own variable goes to its own hosts only.

    TokenHub's own test script names BASE_URL and TOKENHUB_API_KEY together: that pair is
    also sent to this machine.
    """
    host = urlsplit(base_url).hostname or ""
    is_pair = variable == "TOKENHUB_API_KEY" and origin == "BASE_URL" and is_loopback(base_url)
    return variable.startswith("GATEWAY_") or profile.names_host(host) or is_pair


def _from_file(name: str, origin: str) -> Secret:
    try:
        text = Path(name).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"{origin}: {name} cannot be read: {reason}") from None
    return _secret(text, f"{origin}: {name}")


def _secret(text: str, origin: str) -> Secret:
    if not text or not all("!" <= character <= "~" for character in text):
        raise UsageError(f"{origin}: expected one key of printable ASCII and nothing else")
    return Secret(text)


def _headers(
    profile: Profile, base_url: str, origin: str, environ: Mapping[str, str]
) -> ProfileHeaders:
    """The profile's headers; their variables go where its keys do, anywhere without hosts."""

    def may_send(variable: str) -> bool:
        return not profile.hosts or _may_send(variable, profile, base_url, origin)

    return profile_headers.filled(profile, may_send, environ)


def _models(profile: Profile, wish: Wish, asked: str, has_lab: bool) -> Mapping[str, str]:
    """The models by role; a profile says with an empty name that a role is not offered."""
    of_lab = LAB_MODELS if has_lab else {}
    common = wish.model or asked
    chosen = {
        "anthropic": wish.model_anthropic or common,
        "openai": wish.model_openai or common,
    }
    named = {**of_lab, **profile.models, **{role: name for role, name in chosen.items() if name}}
    return {role: name for role, name in named.items() if name}
