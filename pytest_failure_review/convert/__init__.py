"""Turns reports into what other tools read, outside of the process that runs pytest; standard library only.

The law: no failure is lost. A run that did not come to its end is a failure in every format, a field that a format
cannot hold is replaced, and a file that is no report is named while the others are converted.
"""
