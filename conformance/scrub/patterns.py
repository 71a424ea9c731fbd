"""What secrets look like: by the name of a header or field, or by their own shape."""

from __future__ import annotations

import re

COOKIE_HEADERS = re.compile(r"^(set-)?cookie2?$", re.I)

KEY_HEADERS = re.compile(
    r"^(proxy-)?authorization$|api-?key|subscription-key|(^|[-_])session[-_]?(id|key|token)$"
    r"|(^|[-_])(token|secret|password|signature|credential)$|^x-goog-iam-|^cf-access-",
    re.I,
)

ACCOUNT_HEADERS = re.compile(
    r"organi[sz]ation|(^|-)(account|tenant|workspace|project|customer|subscription)"
    r"|(^|-)user(-id)?$|^x-forwarded-for$|^forwarded$|^x-real-ip$|^from$"
    r"|^(true-client|cf-connecting|fastly-client)-ip$",
    re.I,
)

KEY_FIELDS = re.compile(
    r"^(x[-_])?(api[-_]?key|(access|refresh|id|auth|session|bearer)[-_]?token|authorization"
    r"|password|passwd|(client[-_]?)?secret|private[-_]?key|secret[-_]?(access[-_]?)?key"
    r"|aws[-_]?\w*key\w*|subscription[-_]key|cookie)$",
    re.I,
)
"""Fields of a body; `key`, `token` and `signature` are words of the protocols there."""

KEY_QUERIES = re.compile(
    KEY_FIELDS.pattern.removesuffix("$") + r"$|^(key|token|sig|signature|code|state|jwt|auth)$"
    r"|^x-(amz|goog)-(credential|signature|security-token)$",
    re.I,
)

ACCOUNT_FIELDS = re.compile(
    r"^(user|organi[sz]ation|account|tenant|workspace)$"
    r"|(^|[-_])(organi[sz]ation|org|account|user|tenant|workspace|project|customer|subscription"
    r"|billing|client|team|member|device|safety)[-_]?(id|uuid|arn|identifier|number)$",
    re.I,
)

_OURS = r"(?:(?:sk|pk|rk)[-_]|th-)(?=[\w.~+/=*-]*[\d*]|[\w-]{16})[\w.~+/=*-]{6,}"
_THEIRS = (
    r"(?:xai-|gsk_|hf_|r8_|pplx-|nvapi-|csk-|fw_|vck_|AIza|ya29\.|gh[pousr]_|github_pat_"
    r"|glpat-|xox[abprs]-|tgp_v1_|dapi)[\w-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}"
)
SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.S),
    ),
    ("JWT", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")),
    ("key", re.compile(rf"(?<![A-Za-z0-9])(?:{_OURS}|{_THEIRS})")),
    ("bearer token", re.compile(r"(?<=[Bb]earer )(?!realm=)[A-Za-z0-9._~+/=-]{6,}")),
    ("basic credentials", re.compile(r"(?<=Basic )[A-Za-z0-9+/]{8,}={0,2}")),
    ("e-mail address", re.compile(r"[\w.+%-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,}")),
    (
        "account id",
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:org|proj|user|acct|cus|wrkspc|team|tenant)[-_]"
            r"(?=\w*\d)[A-Za-z0-9]{8,}(?![A-Za-z0-9])"
            r"|(?<=:)\d{12}(?=:)"
            r"|(?<=/accounts/)[^/?#\s\"]+|(?<=/projects/)[^/?#\s\"]+"
            r"|(?<=/subscriptions/)[^/?#\s\"]+|(?<=/organizations/)[^/?#\s\"]+"
        ),
    ),
)
HINT = re.compile(r"[-_@.]|AIza|AKIA|ASIA|earer |Basic |dapi|/accounts/|/projects/|:\d{12}:")
"""Every shape holds one of these: most texts need no closer look."""

QUERY = re.compile(r"(?<=[?&])([\w.~%-]+)=([^&#\s\"'<>\\]*)")
USERINFO = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
