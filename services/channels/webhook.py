"""Webhooks: signed and thin, as Standard Webhooks 1.0 has them, sent by a client that trusts no receiver.

The id stays the same over repeats, the timestamp is that of the attempt, and every secret in force signs, so that an
agency can change its secret without losing a message. A call ends on the wall clock whatever the receiver does, follows
no redirect, uses no proxy, keeps no connection, and reads no more than the head of an answer: the status says it all.
"""

import asyncio
import logging
import ssl
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2
import orjson
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from services import crash_points
from services.channels.addresses import Address, Resolver, look_up, may_be_called, system_resolver
from services.channels.message import Delivered, NotDelivered, OutwardMessage, Refused, SendResult

CALL_SECONDS: Final = 8.0
"""The longest call. Deliveries are leased for 12 seconds (``storage.jobs.LEASE_SECONDS``), and what came of the call
must be written before somebody else may repeat it."""

# The client writes every address that it calls to its log, with whatever an agency put into the query.
logging.getLogger("httpx2").setLevel(logging.WARNING)

_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443
_GONE: Final = 410
_LONGEST_WAIT: Final = 24 * 3600


class WebhookChannel:
    """Sends to ``https`` receivers at port 443 on public addresses.

    ``hosts`` names the receivers that may be called at all, as ``host`` or ``host:port``; empty means every receiver
    that an administrator registered. ``allow_private`` also allows ``http``, any port, and addresses of this machine
    and of private networks: for a demonstration, and for agencies on one closed network. ``seconds`` bounds one call.
    """

    def __init__(
        self,
        *,
        hosts: Collection[str] = (),
        allow_private: bool = False,
        seconds: float = CALL_SECONDS,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._allow_private = allow_private
        self._seconds = seconds
        self._resolver = resolver
        self._tls = tls or httpx2.create_ssl_context()

    def send(self, message: OutwardMessage) -> SendResult:
        """Send it once. Returns after ``seconds`` at the latest; never raises for what a receiver does."""
        url = _parse(message.address)
        if url is None or not self._is_allowed(url):
            return Refused("forbidden_address")
        body = orjson.dumps(dict(message.body))
        headers = _signed(message, body)
        if headers is None:
            return NotDelivered("no_signing_secret")
        return asyncio.run(self._call(url, body, headers, message.sent_at))

    def _is_allowed(self, url: httpx2.URL) -> bool:
        port, host = _port(url), url.host.lower()
        named = {host, f"{host}:{port}"} & self._hosts
        if self._hosts and not named:
            return False
        if self._allow_private:
            return url.scheme in {"http", "https"}
        return url.scheme == "https" and (port == _HTTPS_PORT or f"{host}:{port}" in named)

    async def _call(self, url: httpx2.URL, body: bytes, headers: dict[str, str], sent_at: datetime) -> SendResult:
        try:
            async with asyncio.timeout(self._seconds):
                addresses = await look_up(self._resolver, url.host, _port(url))
                if not addresses:
                    return NotDelivered("name_not_found")
                if not all(may_be_called(address, allow_private=self._allow_private) for address in addresses):
                    return Refused("forbidden_address")
                return await self._post(url, addresses, body, headers, sent_at)
        except TimeoutError:
            return NotDelivered("timeout")
        except OSError:
            return NotDelivered("name_not_found")

    async def _post(
        self, url: httpx2.URL, addresses: tuple[Address, ...], body: bytes, headers: dict[str, str], sent_at: datetime
    ) -> SendResult:
        """Post to the first of these addresses that takes a connection."""
        for address in addresses:
            try:
                return await self._post_to(address, url, body, headers, sent_at)
            except httpx2.ConnectError:
                continue
            except httpx2.TimeoutException:
                return NotDelivered("timeout")
            except httpx2.HTTPError:
                return NotDelivered("broken_answer")
        return NotDelivered("no_connection")

    async def _post_to(
        self, address: Address, url: httpx2.URL, body: bytes, headers: dict[str, str], sent_at: datetime
    ) -> SendResult:
        client = httpx2.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._seconds, http2=False
        )
        async with (
            client,
            client.stream(
                "POST",
                url.copy_with(host=str(address)),
                content=body,
                headers={**headers, "host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            crash_points.reached("call.answering")
            return _result(response.status_code, response.headers.get("retry-after"), sent_at)


def _parse(address: str) -> httpx2.URL | None:
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return None
    return url if url.host and not url.userinfo else None


def _port(url: httpx2.URL) -> int:
    return url.port or (_HTTPS_PORT if url.scheme == "https" else _HTTP_PORT)


def _signed(message: OutwardMessage, body: bytes) -> dict[str, str] | None:
    """The headers of one attempt, with a signature of every secret in force; None where there is none to sign with."""
    sent_at = message.sent_at.astimezone(UTC)
    try:
        signatures = [Webhook(secret).sign(str(message.id), sent_at, body.decode()) for secret in message.secrets]
    except (ValueError, EmptyWebhookSecretError):
        return None
    if not signatures:
        return None
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": "tallystick",
        "webhook-id": str(message.id),
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _result(status: int, retry_after: str | None, sent_at: datetime) -> SendResult:
    if 200 <= status < 300:
        return Delivered()
    if status == _GONE:
        return Refused("gone")
    return NotDelivered(f"http_{status}", _seconds_until(retry_after, sent_at))


def _seconds_until(retry_after: str | None, sent_at: datetime) -> int | None:
    """What a Retry-After header asks for, in seconds from the attempt; None where it says nothing that can be read."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after[:9]), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(int((until - sent_at).total_seconds()), 0), _LONGEST_WAIT)
