"""Real client libraries against the reference gateway, in depth: `tox run -e clients`.

The suite's own client checks ask every client for a few tasks. Here each library is taken
through all that it can do, and what it reports is compared. To add one:

1. Give it a table in `conformance/clients/clients.toml`, with its exact versions, and one in
   `facts.toml`: its script, and the facts that differ between its versions.
2. Write the script. It declares cases (`scripts/cases.py`, `scripts/cases.mjs`), each a
   function from what it is given to a JSON value. It judges nothing.
3. Write `test_<protocol>_sdks.py` beside `test_anthropic_sdks.py`: a fixture named `played`
   runs the script once for each session (`running.play`) and keeps what every case returned
   or raised, and the tests say what that must be. Scripts of both languages use the same
   names for the same cases, so that one test serves all.

The vendors' SDKs also play cases before the lab, the scripted upstream, in each direction
(`test_lab_directions.py`): `ordered.py` says which cases with which answers, `upstream.py`
reads what the lab received, and the tests look at both ends.

Libraries are installed and run as the suite does it (`conformance.clients`).
When a test fails, ask which of the three is wrong: the gateway, the test, or the client.
"""
