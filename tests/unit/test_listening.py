"""The receiver for a try, from the command line."""

import pytest
from click.testing import CliRunner

from services.cli.listening import listen


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64!", "whsec_é"])
def test_what_is_no_signing_secret_is_said_to_be_none(secret: str) -> None:
    result = CliRunner().invoke(listen, ["--secret", secret])
    assert result.exit_code == 2
    assert "is no signing secret" in result.output
