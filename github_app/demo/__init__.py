"""`failure-review demo`: a sandbox GitHub, the App, and a pull request that fails in six ways."""

from github_app.demo.show import run_demo as run_demo
