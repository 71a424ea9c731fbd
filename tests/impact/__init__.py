"""What real clients do under each fault of the reference gateway, measured: `tox run -e impact`.

`measure` is the command, `reports/impact.toml` the result. A fault concerns a client only
where it changes the traffic of the client's tasks: the requests that each client makes of
the healthy gateway are recorded (`cells`) and sent again to the faulty one (`replaying`).
Where every answer is the same the client is not run. Where one differs the client does its
task against the faulty gateway (`working`), and what came of it is compared with what came
of it without the fault (`classifying`).
"""
