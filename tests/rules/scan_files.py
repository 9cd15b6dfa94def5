"""What scanners write, all invented: SARIF of four tools, and the JSON of their own."""

from __future__ import annotations

import json
from typing import Any

SECRET = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
"""In every place where a tool would quote it."""


def sarif(*runs: dict[str, Any], **more: Any) -> bytes:
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": list(runs), **more}).encode()


def at(path: str, line: int | None = None) -> list[dict[str, Any]]:
    region = {"region": {"startLine": line, "snippet": {"text": SECRET}}} if line else {}
    return [{"physicalLocation": {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}, **region}}]


CODEQL = {
    "tool": {
        "driver": {"name": "CodeQL", "rules": []},
        "extensions": [
            {
                "name": "codeql/python-queries",
                "rules": [
                    {
                        "id": "py/sql-injection",
                        "shortDescription": {"text": "SQL query built from user-controlled sources"},
                        "defaultConfiguration": {"level": "error"},
                        "properties": {"security-severity": "8.8", "tags": ["security", "external/cwe/cwe-089"]},
                    },
                    {"id": "py/unused-import", "properties": {"tags": ["maintainability"]}},
                ],
            }
        ],
    },
    "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": []}],
    "results": [
        {
            "ruleId": "py/sql-injection",
            "rule": {"id": "py/sql-injection", "index": 0, "toolComponent": {"index": 0}},
            "message": {"text": "This SQL query depends on a user-provided value."},
            "locations": at("shop/db.py", 42),
        },
        {
            "ruleId": "py/unused-import",
            "rule": {"index": 1, "toolComponent": {"index": 0}},
            "level": "note",
            "message": {"text": "Import of 'os' is not used."},
            "locations": at("shop/db.py", 1),
        },
    ],
}

TRIVY_SARIF = {
    "tool": {
        "driver": {
            "name": "Trivy",
            "rules": [
                {
                    "id": "CVE-2099-1000",
                    "name": "LanguageSpecificPackageVulnerability",
                    "defaultConfiguration": {"level": "error"},
                    "properties": {"security-severity": "9.8", "tags": ["vulnerability", "security", "CRITICAL"]},
                }
            ],
        }
    },
    "results": [
        {
            "ruleId": "CVE-2099-1000",
            "ruleIndex": 0,
            "level": "error",
            "message": {
                "text": "Package: parcelbox\nInstalled Version: 1.2.0\nVulnerability CVE-2099-1000\n"
                "Severity: CRITICAL\nFixed Version: 1.2.9\nLink: [CVE-2099-1000](https://avd.example/CVE-2099-1000)"
            },
            "locations": at("package-lock.json", 1),
        }
    ],
}

SEMGREP = {
    "tool": {
        "driver": {
            "name": "Semgrep OSS",
            "rules": [
                {
                    "id": "python.lang.eval",
                    "defaultConfiguration": {"level": "warning"},
                    "properties": {"tags": ["CWE-95: Eval Injection", "MEDIUM CONFIDENCE", "security"]},
                }
            ],
        }
    },
    "results": [
        {"ruleId": "python.lang.eval", "message": {"text": "eval of input"}, "locations": at("shop/run.py", 7)}
    ],
}

GITLEAKS_SARIF = {
    "tool": {
        "driver": {
            "name": "gitleaks",
            "rules": [{"id": "generic-api-key", "shortDescription": {"text": "Generic API Key"}}],
        }
    },
    "results": [
        {
            "message": {"text": f"generic-api-key has detected secret {SECRET}."},
            "ruleId": "generic-api-key",
            "locations": at("config/prod.env", 3),
        }
    ],
}

GITLEAKS = json.dumps(
    [
        {
            "RuleID": "generic-api-key",
            "Description": "Detected a Generic API Key",
            "StartLine": 3,
            "EndLine": 3,
            "Match": f"API_KEY={SECRET}",
            "Secret": SECRET,
            "File": "config/prod.env",
            "Commit": "a" * 40,
            "Author": "Ada",
            "Message": f"use {SECRET}",
            "Fingerprint": "x:config/prod.env:generic-api-key:3",
        }
    ]
).encode()

TRUFFLEHOG = b"\n".join(
    json.dumps(line).encode()
    for line in (
        {"level": "info-0", "ts": "2026-03-02T09:00:00Z", "logger": "trufflehog", "msg": "running source"},
        {
            "SourceMetadata": {"Data": {"Git": {"commit": "b" * 40, "file": "config/prod.env", "line": 3}}},
            "DetectorName": "PostageApi",
            "Verified": True,
            "Raw": SECRET,
            "RawV2": f"{SECRET}:2",
            "Redacted": SECRET[:12],
        },
    )
)

PIP_AUDIT = json.dumps(
    {
        "dependencies": [
            {"name": "clean", "version": "1.0", "vulns": []},
            {"name": "local", "skip_reason": "not on PyPI"},
            {
                "name": "Parcelbox",
                "version": "1.2.0",
                "vulns": [
                    {
                        "id": "PYSEC-2099-7",
                        "fix_versions": ["1.2.9"],
                        "aliases": ["CVE-2099-1000"],
                        "description": "Unpacks outside of its folder.",
                    }
                ],
            },
        ],
        "fixes": [],
    }
).encode()

NPM_6 = json.dumps(
    {
        "actions": [],
        "advisories": {
            "900": {
                "id": 900,
                "module_name": "parcelbox",
                "severity": "moderate",
                "title": "Unpacks outside of its folder",
                "cves": ["CVE-2099-1000"],
                "cwe": "CWE-22",
                "patched_versions": ">=1.2.9",
                "findings": [{"version": "1.2.0", "paths": ["parcelbox"]}],
            }
        },
        "metadata": {"vulnerabilities": {"moderate": 1}},
    }
).encode()

NPM_7 = json.dumps(
    {
        "auditReportVersion": 2,
        "vulnerabilities": {
            "parcelbox": {
                "name": "parcelbox",
                "severity": "high",
                "via": [
                    {
                        "source": 900,
                        "name": "parcelbox",
                        "title": "Unpacks outside of its folder",
                        "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
                        "severity": "high",
                        "cwe": ["CWE-22"],
                        "range": "<1.2.9",
                    }
                ],
                "fixAvailable": {"name": "parcelbox", "version": "1.2.9", "isSemVerMajor": False},
            },
            "warehouse": {"name": "warehouse", "severity": "high", "via": ["parcelbox"], "fixAvailable": True},
        },
        "metadata": {},
    }
).encode()

NPM_ERROR = json.dumps(
    {
        "message": "request to https://registry.example.org/-/npm/v1/security/audits/quick failed",
        "error": {"code": "ENOLOCK", "summary": "This command requires an existing lockfile.", "detail": "Make one."},
    }
).encode()

OSV = json.dumps(
    {
        "results": [
            {
                "source": {"path": "/home/runner/work/shop/shop/poetry.lock", "type": "lockfile"},
                "packages": [
                    {
                        "package": {"name": "parcelbox", "version": "1.2.0", "ecosystem": "PyPI"},
                        "vulnerabilities": [
                            {
                                "id": "GHSA-aaaa-bbbb-cccc",
                                "aliases": ["CVE-2099-1000"],
                                "summary": "Unpacks outside of its folder",
                                "affected": [
                                    {
                                        "package": {"name": "parcelbox", "ecosystem": "PyPI"},
                                        "ranges": [{"events": [{"introduced": "0"}, {"fixed": "1.2.9"}]}],
                                    }
                                ],
                                "database_specific": {"cwe_ids": ["CWE-22"]},
                            }
                        ],
                        "groups": [{"ids": ["GHSA-aaaa-bbbb-cccc"], "max_severity": "7.5"}],
                    }
                ],
            }
        ]
    }
).encode()

TRIVY = json.dumps(
    {
        "SchemaVersion": 2,
        "ArtifactName": "shop:latest",
        "Results": [
            {
                "Target": "shop:latest (debian 12)",
                "Class": "os-pkgs",
                "Vulnerabilities": [
                    {
                        "VulnerabilityID": "CVE-2099-2000",
                        "PkgName": "libparcel",
                        "InstalledVersion": "2.0",
                        "Severity": "LOW",
                        "Title": "Reads too far",
                        "CweIDs": ["CWE-125"],
                    }
                ],
            },
            {
                "Target": "config/prod.env",
                "Class": "secret",
                "Secrets": [
                    {
                        "RuleID": "generic-api-key",
                        "Severity": "HIGH",
                        "Title": "API key",
                        "StartLine": 3,
                        "Match": f"API_KEY={SECRET}",
                        "Code": {"Lines": [{"Content": SECRET}]},
                    }
                ],
            },
            {
                "Target": "Dockerfile",
                "Class": "config",
                "Misconfigurations": [
                    {
                        "ID": "DS002",
                        "Title": "Image user should not be root",
                        "Severity": "HIGH",
                        "Status": "FAIL",
                        "CauseMetadata": {"StartLine": 4},
                    },
                    {"ID": "DS001", "Status": "PASS"},
                ],
            },
        ],
    }
).encode()

ALL = {
    "codeql": sarif(CODEQL),
    "trivy-sarif": sarif(TRIVY_SARIF),
    "semgrep": sarif(SEMGREP),
    "gitleaks-sarif": sarif(GITLEAKS_SARIF),
    "gitleaks": GITLEAKS,
    "trufflehog": TRUFFLEHOG,
    "pip-audit": PIP_AUDIT,
    "npm-6": NPM_6,
    "npm-7": NPM_7,
    "npm-error": NPM_ERROR,
    "osv": OSV,
    "trivy": TRIVY,
}
