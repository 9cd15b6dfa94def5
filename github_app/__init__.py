"""The GitHub App: says on the pull request whose CI failure it is, by when, and what to do."""
