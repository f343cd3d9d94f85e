"""What docker-compose.yml promises, read from the file as Compose understands it."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROFILES = ["ollama", "monitoring", "postgres", "crawl"]
OUTWARD = {"nginx", "scraper", "ollama-pull"}

pytestmark = pytest.mark.compose


def configured(*profiles: str, folder: Path = ROOT) -> dict[str, Any]:
    """Return the file in `folder` with anchors, `.env` and defaults filled in."""
    chosen = itertools.chain.from_iterable(("--profile", profile) for profile in profiles)
    done = subprocess.run(
        ["docker", "compose", *chosen, "config", "--format", "json"],
        cwd=folder,
        env={**os.environ, "COMPOSE_PROFILES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    return configured("*")


@pytest.fixture(scope="module")
def services(everything: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(everything["services"])


@pytest.mark.parametrize("profiles", [[], *([p] for p in PROFILES), PROFILES])
def test_every_choice_of_profiles_is_a_whole(profiles: list[str]):
    started = set(configured(*profiles)["services"])

    assert {"nginx", "backend", "processor", "chromadb", "redis", "prepare"} <= started
    assert ("ollama" in started) == ("ollama" in profiles)
    assert ("scraper" in started) == ("crawl" in profiles)


def test_only_nginx_has_a_port_and_it_is_on_loopback(services: dict[str, dict[str, Any]]):
    ports = [(name, p["host_ip"]) for name, s in services.items() for p in s.get("ports", [])]

    assert ports == [("nginx", "127.0.0.1")]


def test_no_service_has_a_right_it_does_not_need(services: dict[str, dict[str, Any]]):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["user"].split(":")[0] not in {"", "0", "root"}, name
        assert not {"pid", "ipc", "uts", "network_mode"} & set(service), name


def test_every_service_has_its_limits(services: dict[str, dict[str, Any]]):
    for name, service in services.items():
        assert int(service["mem_limit"]) > 0, name
        assert service.get("cpus") or service.get("cpu_shares"), name
        assert service["pids_limit"] > 0, name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name


def test_what_keeps_running_can_prove_it_and_does_not_restart_for_ever(
    services: dict[str, dict[str, Any]],
):
    for name, service in services.items():
        if service["restart"] == "no":
            continue
        assert service["restart"] == "on-failure:5", name
        assert service["healthcheck"]["test"], name
        # Refused by engines older than 25.
        assert "start_interval" not in service["healthcheck"], name
        assert "curl" not in " ".join(service["healthcheck"]["test"]), name


def test_a_job_that_ends_is_waited_for_by_somebody(services: dict[str, dict[str, Any]]):
    # `up --wait` takes an ended container for a failure unless one depends on its success.
    waited_for = {
        dependency
        for service in services.values()
        for dependency, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }

    ends = {name for name, service in services.items() if service["restart"] == "no"}
    assert ends - {"scraper"} == waited_for


def test_the_world_is_behind_three_doors_only(everything: dict[str, Any]):
    inner = {name for name, net in everything["networks"].items() if net.get("internal")}

    reaching = {n for n, s in everything["services"].items() if set(s["networks"]) - inner}

    assert reaching == OUTWARD


def test_stories_and_the_model_s_keeper_never_share_a_network(
    services: dict[str, dict[str, Any]],
):
    # The backend reaches Ollama through nginx, which knows the calls that write and no others.
    assert not set(services["ollama"]["networks"]) & set(services["backend"]["networks"])
    assert not set(services["scraper"]["networks"]) & set(services["backend"]["networks"])


# Exact without a patch: PostgreSQL counts in two parts. Not exact, on purpose: Python's own image,
# whose patches are the interpreter's security fixes; what runs on it is locked by hashes.
EXACT = re.compile(r":v?\d+\.\d+\.\d+(-[a-z0-9-]+)?$|^postgres:\d+\.\d+-alpine$")
FLOATING = {"python:3.13-slim-trixie"}


def test_every_image_has_an_exact_tag(services: dict[str, dict[str, Any]]):
    for image in {service["image"] for service in services.values()}:
        assert EXACT.search(image), image


@pytest.mark.parametrize("file", sorted(ROOT.glob("*/Dockerfile")), ids=lambda f: f.parent.name)
def test_every_base_has_an_exact_tag_but_python_s(file: Path):
    lines = file.read_text("utf-8").splitlines()

    bases = {line.split()[1] for line in lines if line.upper().startswith("FROM ")}

    assert bases
    assert [base for base in sorted(bases - FLOATING) if not EXACT.search(base)] == []


def test_versions_are_above_the_floors_of_the_advisories(services: dict[str, dict[str, Any]]):
    def version(image: str) -> tuple[int, ...]:
        found = re.search(r":v?([\d.]+)", image)
        assert found, image
        return tuple(int(part) for part in found[1].split("."))

    nginx = (ROOT / "nginx" / "Dockerfile").read_text("utf-8")
    assert version(services["redis"]["image"]) >= (8, 6, 3)
    assert version(services["ollama"]["image"]) >= (0, 32, 10)
    assert version(services["chromadb"]["image"]) == (1, 5, 9)
    assert version(nginx[nginx.index("nginx-unprivileged") :]) >= (1, 30, 2)


def test_no_secret_is_written_in_the_file(services: dict[str, dict[str, Any]]):
    for name, service in services.items():
        for key, value in (service.get("environment") or {}).items():
            secret = re.search("PASS|SECRET|TOKEN|KEY", key)
            assert not secret or value.startswith("/run/secrets/"), f"{name}: {key}"


def test_jobs_are_never_pushed_out_of_redis_by_the_cache(services: dict[str, dict[str, Any]]):
    command = services["redis"]["command"]

    assert command[command.index("--maxmemory-policy") + 1] in {"volatile-lru", "noeviction"}
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--appendfsync") + 1] == "everysec"


def test_weights_and_settings_of_the_host_are_only_read(services: dict[str, dict[str, Any]]):
    for name, service in services.items():
        for volume in service.get("volumes", []):
            assert volume["type"] == "volume" or volume["read_only"], name
            assert "docker.sock" not in volume["source"], name


SETTINGS = dict(
    line.split("=", 1)
    for line in (ROOT / ".env").read_text("utf-8").splitlines()
    if "=" in line and not line.startswith("#")
)


def test_every_setting_of_env_local_reaches_the_containers_but_compose_s_own(tmp_path: Path):
    for name in ("docker-compose.yml", ".env"):
        shutil.copy(ROOT / name, tmp_path)
    own = {name: f"mine-{name}" for name in SETTINGS}
    (tmp_path / ".env.local").write_text("".join(f"{k}={v}\n" for k, v in own.items()), "utf-8")

    services = configured(*PROFILES, folder=tmp_path)["services"]

    def overruled(service: str) -> set[str]:
        given = services[service]["environment"]
        return {name for name, value in own.items() if given[name] != value}

    # Where the stack's own parts are is no choice in it, nor which containers Compose started.
    parts = {"DATA_DIR", "REDIS_URL", "CHROMA_URL", "OLLAMA_URL", "TRUSTED_PROXIES"}
    assert overruled("backend") == overruled("processor") == parts
    assert overruled("nginx") == {"COMPOSE_PROFILES"}
    assert overruled("scraper") == {"DATA_DIR"}


def test_no_setting_is_without_its_line_in_env():
    asked = re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text("utf-8"))

    assert set(asked) == {"HTTP_PORT", "COMPOSE_PROFILES"}
    assert set(asked) <= set(SETTINGS)


@pytest.mark.parametrize("readers", ["studio.lan", "", None], ids=["own", "empty", "absent"])
def test_the_backend_knows_its_readers_names_and_those_of_the_house(
    services: dict[str, dict[str, Any]], tmp_path: Path, readers: str | None
):
    (tmp_path / "storyteller").write_text('#!/bin/sh\necho "$* $PUBLIC_HOSTS"\n', "utf-8")
    (tmp_path / "storyteller").chmod(0o755)
    told = {} if readers is None else {"PUBLIC_HOSTS": readers}
    command = [part.replace("$$", "$") for part in services["backend"]["command"]]

    said = subprocess.run(
        command,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **told},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert said[0] == "serve"
    assert said[-1] == f"{readers or 'localhost,127.0.0.1,[::1]'},127.0.0.1,backend"


def test_the_shared_policy_finds_nothing(everything: dict[str, Any], shared_dir: Path):
    policy = shared_dir / "checks" / "compose_policy.py"

    found = subprocess.run(
        [sys.executable, policy], input=json.dumps(everything), capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert found.stdout.strip() == "0 findings"


OLLAMA = """#!/bin/sh
echo "$1 $2" >> "$CALLS"
case "$1" in
    serve) [ -z "$DIES" ] && exec sleep 5 ;;
    list) [ -z "$DIES" ] ;;
    show) [ -n "$HAS" ] ;;
esac
"""


@pytest.mark.parametrize(
    ("situation", "code", "pulls"),
    [({}, 0, True), ({"HAS": "1"}, 0, False), ({"DIES": "1"}, 1, False)],
    ids=["absent", "already there", "no server"],
)
def test_a_model_is_pulled_once_and_a_dead_server_is_a_failure(
    services: dict[str, dict[str, Any]],
    tmp_path: Path,
    situation: dict[str, str],
    code: int,
    pulls: bool,
):
    (tmp_path / "ollama").write_text(OLLAMA, "utf-8")
    (tmp_path / "ollama").chmod(0o755)
    calls = tmp_path / "calls"
    told = {"CALLS": str(calls), "OLLAMA_MODEL": "m:7b", "DIES": "", "HAS": "", **situation}
    service = services["ollama-pull"]

    ended = subprocess.run(
        [*service["entrypoint"], service["command"][0].replace("$$", "$")],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )

    assert ended.returncode == code
    assert ("pull m:7b" in calls.read_text("utf-8").splitlines()) == pulls


def test_the_password_is_drawn_once_and_read_by_its_owner_alone(
    services: dict[str, dict[str, Any]], tmp_path: Path
):
    command = services["prepare"]["command"]
    script = command[-1].replace("$$", "$").replace("/prepare/secrets", str(tmp_path))

    def draw() -> tuple[str, str]:
        subprocess.run([*command[:-1], script], check=True)
        return tuple((tmp_path / name).read_text("ascii") for name in ("postgres", "pgpass"))

    password, line = first = draw()

    assert draw() == first
    assert len(password) == 32
    assert line == f"*:*:*:*:{password}\n"
    assert (tmp_path / "pgpass").stat().st_mode & 0o777 == 0o600

    # A job that was cut off between the two files draws again.
    (tmp_path / "pgpass").unlink()
    assert draw()[0] != password
