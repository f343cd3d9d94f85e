#!/usr/bin/env bash
# Brings the whole stack up in containers and uses it. Takes the Docker Engine that runs, else one from the
# optional folder of test data; and stand-ins from there for images that cannot be pulled.
set -euo pipefail
cd "$(dirname "$0")/../.."
shared=${SHARED_DIR:-$PWD/../shared}
compose=(docker compose -f docker-compose.yml -f tests/compose/compose.test.yml)

if ! docker info >/dev/null 2>&1; then
  if [[ ! -x $shared/docker/engine ]]; then
    echo "compose-test: no Docker Engine answers. Start Docker and try again." >&2
    exit 1
  fi
  trap '"$shared/docker/engine" down' EXIT
  "$shared/docker/engine" up
fi
if ! docker compose version --short >/dev/null 2>&1; then
  echo "compose-test: the Compose plugin is missing (docker compose version)." >&2
  exit 1
fi

# What the stack starts with and what our own images are built on, as far as this machine lacks it.
wanted=$({
  COMPOSE_PROFILES=crawl,monitoring,postgres,ollama "${compose[@]}" config --images | grep -v '^storyteller'
  awk 'toupper($1) == "FROM" && $2 ~ /:/ { print $2 }' ./*/Dockerfile
} | sort -u)
missing=()
for image in $wanted; do
  docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" 2>/dev/null || missing+=("$image")
done
if ((${#missing[@]})); then
  if [[ ! -x $shared/docker/images ]]; then
    echo "compose-test: cannot pull ${missing[*]}; is there a network?" >&2
    exit 1
  fi
  "$shared/docker/images" "${missing[@]}"
fi
grafana=$(COMPOSE_PROFILES=pictures,monitoring "${compose[@]}" config --images | grep '^grafana')
docker image inspect "$grafana" >/dev/null 2>&1 || docker pull -q "$grafana" 2>/dev/null || grafana=

COMPOSE_TEST_PICTURES=${grafana:+pictures} .venv/bin/python -m pytest -m compose tests/compose "$@"
