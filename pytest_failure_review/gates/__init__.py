"""Named quality gates: a tool is run, what it found becomes one record of the report (S2-059 to S2-062)."""
