"""What tools wrote into files beside the log (test reports, findings, benchmarks): parsed, merged and judged."""
