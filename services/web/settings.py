"""What the web application needs besides the system: how it signs forms and tokens, and how it is reached."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.storage.access_tokens import TokenSigner

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of one web process.

    ``signer`` signs and verifies access tokens; ``form_key`` signs the cookie that protects forms. ``secure`` says that
    people come over HTTPS: cookies then travel over HTTPS only and carry the ``__Host-`` prefix. ``limits_url`` is
    where rates are counted: ``memory://`` (every process for itself) or a Redis address; intake never depends on it.
    ``proxies`` is the number of reverse proxies in front whose ``X-Forwarded-For`` and ``-Proto`` are believed.
    ``metrics_token`` is what Prometheus shows to read the figures; without one nobody reads them.
    """

    signer: TokenSigner
    form_key: bytes
    secure: bool = True
    limits_url: str = "memory://"
    proxies: int = 0
    metrics_token: str | None = None


def web_settings(
    token_key: bytes,
    public_url: str,
    *,
    limits_url: str = "memory://",
    proxies: int = 0,
    metrics_token: str | None = None,
) -> WebSettings:
    """The settings of an installation at ``public_url``. ``token_key`` is its seed for access tokens, 32 bytes; the
    key for forms is derived from it (RFC 5869), so that there is one secret fewer to keep.
    """
    form_key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"tallystick forms").derive(token_key)
    return WebSettings(
        signer=TokenSigner(token_key, public_url),
        form_key=form_key,
        secure=public_url.startswith("https://"),
        limits_url=limits_url,
        proxies=proxies,
        metrics_token=metrics_token,
    )
