"""Runs side by side: what got worse between two, and what many say of each requirement.

Reads run folders only, nothing is sent. `runs` reads them, `difference` compares the
verdicts, `shape` the answers; `comparison` is all of it about two runs, `terminal` and
`page` show it; `matrix` holds many runs and `matrix_page` shows them.
"""
