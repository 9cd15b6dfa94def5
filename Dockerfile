# The App in one image; which part of it runs is the command's choice (see compose.yml).
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE app.yml ./
COPY github_app github_app
COPY pytest_failure_review pytest_failure_review
RUN python -m venv /app && /app/bin/pip install --no-cache-dir '.[app,postgres]'

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 review && mkdir /data && chown review /data
COPY --from=build /app /app
USER review
WORKDIR /data
VOLUME /data
ENV HOST=0.0.0.0 PORT=8080 DATABASE_URL=sqlite:////data/failure-review.db
EXPOSE 8080
HEALTHCHECK CMD ["/app/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
ENTRYPOINT ["/app/bin/failure-review"]
CMD ["serve"]
