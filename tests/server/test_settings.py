"""Settings: where they come from, what is refused, and the sample file."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.errors import SettingsError
from server.settings import Section, Settings, known_variables, load_settings

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "config-sample.toml"
HEADER = """\
# Every setting of Darsgoh with its default. Copy this file to config.toml and take the # from the
# lines you change. Each can be set in the environment as well, and wins there:
# DARSGOH_SERVER__PORT=80 is `port` of [server]; a list is written a,b. A key not known here is an
# error. `darsgoh config check` looks at the result.
"""


def toml_value(value: object) -> str:
    """Write a default as TOML."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(value)


def render_sample() -> str:
    """Return the sample file that the model asks for."""
    lines = [HEADER]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        assert isinstance(section, type)
        assert issubclass(section, Section)
        lines += [f"# {section.__doc__}", f"[{name}]", ""]
        for key, setting in section.model_fields.items():
            lines += [f"# {setting.description}", f"# {key} = {toml_value(setting.default)}", ""]
    return "\n".join(lines).rstrip() + "\n"


def test_the_sample_has_every_key_with_its_default_and_effect() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert text == render_sample(), "run: python -m tests.server.test_settings > config-sample.toml"


def test_the_sample_with_every_line_uncommented_is_the_default(tmp_path: Path) -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    config = tmp_path / "config.toml"
    live = [line.removeprefix("# ") if " = " in line else line for line in lines[5:]]
    config.write_text("\n".join(live), encoding="utf-8")
    assert load_settings(config) == Settings()
    assert tomllib.loads(config.read_text(encoding="utf-8"))["server"]["port"] == 8080


def test_every_setting_has_one_sentence() -> None:
    for field in Settings.model_fields.values():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Section)
        for key, setting in field.annotation.model_fields.items():
            assert setting.description, key
            assert setting.description.endswith("."), key


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[server]\nport = 9000\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("DARSGOH_SERVER__PORT", "9001")
    monkeypatch.setenv("DARSGOH_MEDIA__ANNOUNCED", "192.0.2.1, 2001:db8::1")
    settings = load_settings(config)
    assert (settings.server.port, settings.server.host) == (9001, "0.0.0.0")
    assert settings.media.announced == ["192.0.2.1", "2001:db8::1"]


def test_the_file_is_found_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "other.toml"
    config.write_text("[server]\nport = 9002\n")
    monkeypatch.setenv("DARSGOH_CONFIG", str(config))
    assert load_settings().server.port == 9002


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[server]\nprot = 1\n", "The setting server.prot is not known"),
        ("[sever]\nport = 1\n", "The setting sever is not known"),
        ("[server]\nport = 70000\n", "The setting server.port can not be used"),
        ("[server\n", "is not valid TOML"),
        ('[pages]\ntime_zone = "Mars/Olympus"\n', "The setting pages.time_zone can not be used"),
        ('[server]\nbase_url = "darsgoh.example"\n', "The setting server.base_url can not be used"),
        ('[media]\nannounced = ["home"]\n', "The setting media.announced.0 can not be used"),
        ('server = "x"\n', "The setting server can not be used"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(config)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no settings file"):
        load_settings(tmp_path / "absent.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="can not be read"):
        load_settings(binary)


@pytest.mark.parametrize(
    "name", ["DARSGOH_PORT", "DARSGOH_SERVER__PROT", "DARSGOH_SEVER__PORT", "darsgoh_x__y"]
)
def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"The environment variable {name}"):
        load_settings()


def test_secrets_do_not_show() -> None:
    settings = Settings(database={"url": "postgresql://me:hush@host/db"})  # type: ignore[arg-type]
    assert "hush" not in repr(settings)
    assert "hush" not in json.dumps(settings.model_dump(mode="json"))


def test_every_key_has_a_variable() -> None:
    assert {"DARSGOH_SERVER__PORT", "DARSGOH_TURN__SECRET", "DARSGOH_CONFIG"} <= known_variables()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


if __name__ == "__main__":
    sys.stdout.write(render_sample())
