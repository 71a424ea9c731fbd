"""The report: template, style, script, and the table of symptoms (data, no code)."""
