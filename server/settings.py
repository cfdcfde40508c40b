"""All settings: one model, one sentence under each field, the same order as config-sample.toml.

Values come from a TOML file and from the environment (`DARSGOH_SECTION__KEY`), which wins.
"""

import ipaddress
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from server.errors import SettingsError

ENVIRONMENT_PREFIX = "DARSGOH_"
CONFIG_VARIABLE = "DARSGOH_CONFIG"
DEFAULT_CONFIG = Path("config.toml")
LANGUAGES = ("tg", "ru", "en")
Language = Literal["tg", "ru", "en"]


def _split_text(value: object) -> object:
    """Accept `a, b` where a list is meant, which is what an environment variable can say."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _check_base_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query):
        raise ValueError("should look like https://darsgoh.example")
    if parts.path not in ("", "/"):
        raise ValueError("should be an origin without a path")
    return value.rstrip("/")


def _check_store(value: str) -> str:
    parts = urlsplit(value)
    sound = parts.scheme == "s3" and parts.netloc and "@" not in parts.netloc
    if value and (not sound or parts.query or parts.fragment):
        raise ValueError("should look like s3://bucket/folder, without keys")
    return value.rstrip("/")


def _check_network(value: str) -> str:
    ipaddress.ip_network(value)
    return value


def _check_address(value: str) -> str:
    ipaddress.ip_address(value)
    return value


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a known time zone, such as Asia/Dushanbe") from error
    return value


TextList = Annotated[list[str], NoDecode, BeforeValidator(_split_text)]
Port = Annotated[int, Field(ge=0, le=65_535)]
MAX_TCP_PORTS = 8  # each is one more candidate for every address in every answer


class Section(BaseModel):
    """A part of the settings; a key it does not know is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True
    )


class ServerSettings(Section):
    """Where the pages are served."""

    host: str = "127.0.0.1"
    """The address the pages are served on; 0.0.0.0 means every one of this machine."""
    port: Port = 8080
    """The TCP port the pages are served on; 0 means any free one."""
    base_url: Annotated[str, AfterValidator(_check_base_url)] = ""
    """The address people type, such as https://darsgoh.example; empty: what a browser asks for."""
    trusted_proxies: Annotated[
        list[Annotated[str, AfterValidator(_check_network)]], NoDecode, BeforeValidator(_split_text)
    ] = ["127.0.0.1/32", "::1/128"]
    """Networks whose X-Forwarded-For and X-Forwarded-Proto headers are believed."""
    stop_seconds: Annotated[float, Field(gt=0, le=300)] = 10
    """How long a stop waits for requests under way, in seconds."""


class DataSettings(Section):
    """Where things are kept."""

    directory: Path = Path("data")
    """The directory for the database, the keys and the recordings."""


class RecordingSettings(Section):
    """How lessons are recorded."""

    sync: Literal["part", "interval", "never"] = "interval"
    """When recordings are forced to the disk: after each part, every few seconds, or never."""
    sync_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    """How often, when `sync` is `interval`; a power cut costs as much, in seconds."""
    reserve_mb: Annotated[int, Field(ge=1)] = 256
    """How much room recordings leave on the disk for everything else, in MiB."""
    part_seconds: Annotated[float, Field(ge=0.2, le=1)] = 0.8
    """How long a part of a recording is, in seconds; a crash costs one and half a second more."""
    run_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    """How long a file of a recording is, in minutes."""
    keyframe_seconds: Annotated[int, Field(ge=2, le=60)] = 10
    """How far apart the pictures are at which a replay can begin, at most, in seconds."""
    jobs: Annotated[int, Field(ge=1, le=16)] = 1
    """How many background jobs, such as encoding, run at the same time."""
    captions_model: str = "small"
    """The faster-whisper model, by name or folder, that drafts Russian and English captions."""
    captions_model_tg: str = ""
    """The folder of a model for Tajik; empty: no drafts, since general models know it badly."""
    store: Annotated[str, AfterValidator(_check_store)] = ""
    """An S3-compatible store for what is recorded, such as s3://bucket/folder; empty: none."""
    store_endpoint: Annotated[str, AfterValidator(_check_base_url)] = ""
    """The address of the store, such as https://s3.example; empty means Amazon's."""
    store_region: str = "us-east-1"
    """The region of the store."""
    store_key: SecretStr = SecretStr("")
    """The access key of the store; empty means AWS_ACCESS_KEY_ID of the environment."""
    store_secret: SecretStr = SecretStr("")
    """The secret of that key; empty means AWS_SECRET_ACCESS_KEY of the environment."""
    keep_local_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """How long recordings stay on this disk, too, once the store has them, in days."""


class DatabaseSettings(Section):
    """Where people, courses and lessons are kept."""

    url: SecretStr = SecretStr("")
    """postgresql://user:password@host/name, or empty for a SQLite file in the data directory."""
    pool_size: Annotated[int, Field(ge=1, le=100)] = 5
    """How many PostgreSQL connections are kept open."""
    busy_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    """How long a change waits for the database to be free, in seconds."""


class AuthSettings(Section):
    """How people sign in."""

    session_days: Annotated[int, Field(ge=1, le=365)] = 30
    """How long a browser stays signed in after it was last used, in days."""
    link_hours: Annotated[int, Field(ge=1, le=720)] = 72
    """How long a one-time sign-in link can be used, in hours."""
    hash_threads: Annotated[int, Field(ge=1, le=16)] = 2
    """How many passwords are checked at the same time; each takes 64 MiB while it lasts."""


class MediaSettings(Section):
    """The one UDP port that pictures and sound travel through, and TCP where UDP is blocked."""

    address: Annotated[str, AfterValidator(_check_address)] = "0.0.0.0"  # noqa: S104 - for everyone
    """The address the media port is bound to."""
    port: Port = 8189
    """The UDP port for pictures and sound, to be opened in the firewall; 0 means any free one."""
    tcp_ports: Annotated[
        list[Port], NoDecode, BeforeValidator(_split_text), Field(max_length=MAX_TCP_PORTS)
    ] = [0]
    """TCP ports for networks that block UDP; 0 means the UDP port's number, empty means none."""
    announced: Annotated[
        list[Annotated[str, AfterValidator(_check_address)]], NoDecode, BeforeValidator(_split_text)
    ] = []
    """The public addresses browsers are told to send to; empty means those of this machine."""
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """How many threads move packets, at most one a core; each lesson is spread over all of them."""
    dscp: bool = True
    """Whether packets are marked for networks that heed it (RFC 8837), sound before pictures."""
    grant_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    """How long a browser's permission to start publishing or watching holds, in minutes."""
    encoder_grant_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """How long the token shown for an encoder such as OBS holds, in hours."""
    allowed_origins: TextList = ["*"]
    """Other sites whose pages may use WHIP and WHEP with a token; * means any."""


class TurnSettings(Section):
    """Relay servers for networks that block UDP."""

    urls: TextList = []
    """TURN addresses, such as turns:turn.example:443?transport=tcp; empty means no relay."""
    secret: SecretStr = SecretStr("")
    """The secret shared with the TURN server (coturn: static-auth-secret)."""
    minutes: Annotated[int, Field(ge=5, le=60)] = 60
    """How long the credentials given to a browser hold, in minutes."""


class PageSettings(Section):
    """What people see first."""

    language: Language = "tg"
    """The language shown to somebody whose browser asks for none of ours: tg, ru or en."""
    time_zone: Annotated[str, AfterValidator(_check_zone)] = "Asia/Dushanbe"
    """The time zone lessons are announced in."""
    service_worker: bool = True
    """Whether pages open without a network; false takes it out of every browser that comes."""
    megabyte_price: Annotated[float, Field(ge=0, le=1000)] = 0
    """What a megabyte of mobile data costs, shown with what a lesson takes; 0: not said."""
    currency: Annotated[str, Field(min_length=1, max_length=12)] = "TJS"
    """The currency of `megabyte_price`, as it is shown."""


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important message that is still written: debug, info, warning or error."""
    format: Literal["auto", "text", "json"] = "auto"
    """text for people, json for machines, auto for text in a terminal and json elsewhere."""


class MetricsSettings(Section):
    """Who may read /metrics."""

    token: SecretStr = SecretStr("")
    """The bearer token that opens /metrics from elsewhere; empty means from this machine only."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    server: ServerSettings = ServerSettings()
    data: DataSettings = DataSettings()
    recordings: RecordingSettings = RecordingSettings()
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
    media: MediaSettings = MediaSettings()
    turn: TurnSettings = TurnSettings()
    pages: PageSettings = PageSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, dotenv_settings, file_secret_settings
        return (env_settings, init_settings)

    def with_values(self, **sections: dict[str, Any]) -> Self:
        """Return a copy with some keys replaced, checked like any other value."""
        changed = {
            name: type(getattr(self, name)).model_validate(
                getattr(self, name).model_dump() | values
            )
            for name, values in sections.items()
        }
        return self.model_copy(update=changed)


def find_config(given: Path | None) -> Path | None:
    """Return the file named on the command line, by DARSGOH_CONFIG, or lying here."""
    named = given or (Path(path) if (path := os.environ.get(CONFIG_VARIABLE)) else None)
    if named is not None:
        return named
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None


def load_settings(config: Path | None = None) -> Settings:
    """Read and check the settings; raises SettingsError naming the first wrong key."""
    _check_environment(os.environ)
    path = find_config(config)
    values = {} if path is None else _read_toml(path)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, path)) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"There is no settings file {path}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can not be read: {error}.") from error


def known_variables() -> set[str]:
    """Return the name of every environment variable that sets something."""
    names = {
        f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
        for section, field in Settings.model_fields.items()
        for key in _section_type(field.annotation).model_fields
    }
    return names | {CONFIG_VARIABLE}


def _section_type(annotation: object) -> type[Section]:
    if not (isinstance(annotation, type) and issubclass(annotation, Section)):
        raise TypeError("every field of Settings is a Section")
    return annotation


def _check_environment(environment: Iterable[str]) -> None:
    known = known_variables()
    for name in sorted(environment):
        if name.upper().startswith(ENVIRONMENT_PREFIX) and name.upper() not in known:
            raise SettingsError(f"The environment variable {name} is not a setting of Darsgoh.")


def _sentence(error: ValidationError, path: Path | None) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f" (in {path} or the environment)" if path else " (in the environment)"
    if first["type"] == "extra_forbidden":
        return f"The setting {key} is not known{where}; see config-sample.toml for all of them."
    return f"The setting {key} can not be used: {first['msg']}{where}."
