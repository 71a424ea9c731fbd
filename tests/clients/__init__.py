"""Real client libraries against the reference gateway: `tox run -e clients`.

A client library is a table of `versions.toml` and a script in `scripts/`; nothing else
knows what it is. To add one:

1. Give it a table in `versions.toml`: its language, its packages with the least version
   that is known to work, its script, and the facts that differ between its versions.
2. Write the script. It declares cases (`scripts/cases.py`, `scripts/cases.mjs`), each a
   function from what it is given to a JSON value. It judges nothing.
3. Write `test_<protocol>_sdks.py` beside `test_anthropic_sdks.py`: a fixture named `played`
   runs the script once for each session (`running.play`) and keeps what every case returned
   or raised, and the tests say what that must be. Scripts of both languages use the same
   names for the same cases, so that one test serves all.

`installing` puts each client into an environment of its own below a cache folder,
`running` plays its script without any of our environment, and under a time limit.
When a test fails, ask which of the three is wrong: the gateway, the test, or the client.
"""
