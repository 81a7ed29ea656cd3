"""Webhooks against real receivers on this machine, hostile ones among them."""

import base64
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.channels.addresses import Resolver
from services.channels.message import (
    Delivered,
    NotDelivered,
    OutwardMessage,
    Refused,
    SendResult,
    thin_body,
)
from services.channels.webhook import WebhookChannel
from services.domain.urgency import Urgency
from tests.receivers import Receiver, flood, hang_up, nonsense, raw_receiver, receiver, silence, trickle

NEW, OLD = ("whsec_" + base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))


@pytest.fixture
def taker() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def channel() -> WebhookChannel:
    return WebhookChannel(allow_private=True, seconds=5)


def _message(url: str, *secrets: str, id: UUID | None = None, sent_at: datetime | None = None) -> OutwardMessage:  # noqa: A002
    identity = id or uuid4()
    return OutwardMessage(
        id=identity,
        address=url,
        urgency=Urgency.U0,
        body=thin_body(identity, Urgency.U0, f"https://tallystick.example/inbox/{identity}"),
        secrets=secrets or (NEW,),
        sent_at=sent_at or datetime.now(UTC),
    )


def _resolving_to(*addresses: str) -> Resolver:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def test_a_message_is_signed_thin_and_taken(taker: Receiver, channel: WebhookChannel) -> None:
    message = _message(taker.url)
    assert channel.send(message) == Delivered()
    (received,) = taker.received
    assert Webhook(NEW).verify(received.body, dict(received.headers)) == {
        "type": "notification",
        "id": str(message.id),
        "urgency": "U0",
        "link": f"https://tallystick.example/inbox/{message.id}",
        "text": "Something needs your attention. Sign in to read it.",
    }
    assert received.headers["webhook-id"] == str(message.id)
    assert received.headers["content-type"] == "application/json"


def test_every_secret_in_force_signs(taker: Receiver, channel: WebhookChannel) -> None:
    channel.send(_message(taker.url, NEW, OLD))
    (received,) = taker.received
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(received.body, dict(received.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(bytes(32)).decode()).verify(received.body, dict(received.headers))


def test_the_id_stays_over_repeats_and_the_timestamp_is_that_of_the_attempt(
    taker: Receiver, channel: WebhookChannel
) -> None:
    identity, now = uuid4(), datetime.now(UTC)
    channel.send(_message(taker.url, id=identity, sent_at=now - timedelta(seconds=90)))
    channel.send(_message(taker.url, id=identity, sent_at=now))
    first, second = taker.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(identity)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 90
    assert first.body == second.body


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_delivered(taker: Receiver, channel: WebhookChannel, status: int) -> None:
    taker.answer(status)
    assert channel.send(_message(taker.url)) == Delivered()


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 502, 503, 504])
def test_any_failure_is_tried_again(taker: Receiver, channel: WebhookChannel, status: int) -> None:
    taker.answer(status)
    assert channel.send(_message(taker.url)) == NotDelivered(f"http_{status}")


def test_gone_is_final(taker: Receiver, channel: WebhookChannel) -> None:
    taker.answer(410)
    assert channel.send(_message(taker.url)) == Refused("gone")


@pytest.mark.parametrize(("asked", "seconds"), [("120", 120), ("9999999999999", 86400), ("soon", None), ("-5", None)])
def test_retry_after_is_heard(taker: Receiver, channel: WebhookChannel, asked: str, seconds: int | None) -> None:
    taker.answer(429, {"retry-after": asked})
    assert channel.send(_message(taker.url)) == NotDelivered("http_429", seconds)


def test_retry_after_may_be_a_date(taker: Receiver, channel: WebhookChannel) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    taker.answer(503, {"retry-after": format_datetime(now + timedelta(minutes=10), usegmt=True)})
    assert channel.send(_message(taker.url, sent_at=now)) == NotDelivered("http_503", 600)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_its_target_is_never_visited(
    taker: Receiver, channel: WebhookChannel, status: int
) -> None:
    with receiver() as target:
        taker.answer(status, {"location": target.url})
        assert channel.send(_message(taker.url)) == NotDelivered(f"http_{status}")
        assert target.received == []
    assert len(taker.received) == 1


def test_a_big_body_is_not_read(taker: Receiver, channel: WebhookChannel) -> None:
    taker.answer(200, {}, b"x" * 20_000_000)
    assert channel.send(_message(taker.url)) == Delivered()


def test_no_cookie_and_no_credential_is_kept(taker: Receiver, channel: WebhookChannel) -> None:
    taker.answer(200, {"set-cookie": "who=us; Path=/"})
    channel.send(_message(taker.url))
    channel.send(_message(taker.url))
    assert "cookie" not in taker.received[1].headers


@pytest.mark.parametrize("behave", [trickle, silence])
def test_a_receiver_that_takes_its_time_is_cut_off(behave: Callable[[socket.socket, Event], None]) -> None:
    with raw_receiver(behave) as url:
        assert WebhookChannel(allow_private=True, seconds=0.3).send(_message(url)) == NotDelivered("timeout")


@pytest.mark.parametrize("behave", [flood, nonsense, hang_up])
def test_a_receiver_that_does_not_speak_http_is_cut_off(
    channel: WebhookChannel, behave: Callable[[socket.socket, Event], None]
) -> None:
    with raw_receiver(behave) as url:
        assert channel.send(_message(url)) == NotDelivered("broken_answer")


def test_a_slow_name_server_is_cut_off(taker: Receiver) -> None:
    ended = Event()

    def never(host: str, port: int) -> list[str]:
        ended.wait()
        return ["127.0.0.1"]

    channel = WebhookChannel(allow_private=True, seconds=0.2, resolver=never)
    assert channel.send(_message(f"http://receiver.example:{taker.port}/")) == NotDelivered("timeout")
    ended.set()


def test_an_unknown_name_and_a_closed_port_are_tried_again(channel: WebhookChannel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert channel.send(_message(f"http://127.0.0.1:{port}/")) == NotDelivered("no_connection")

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    nameless = WebhookChannel(allow_private=True, resolver=unknown)
    assert nameless.send(_message("http://receiver.example/")) == NotDelivered("name_not_found")


def test_the_next_address_is_tried_where_one_takes_no_connection(taker: Receiver) -> None:
    channel = WebhookChannel(allow_private=True, resolver=_resolving_to("127.0.0.2", "127.0.0.1"))
    assert channel.send(_message(f"http://receiver.example:{taker.port}/hook")) == Delivered()
    assert taker.received[0].headers["host"] == f"receiver.example:{taker.port}"


def test_the_proxies_of_the_environment_are_not_used(
    taker: Receiver, channel: WebhookChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert channel.send(_message(taker.url)) == Delivered()
        assert proxy.received == []


def test_without_a_good_secret_nothing_is_sent(taker: Receiver, channel: WebhookChannel) -> None:
    for secrets in ((), ("whsec_",), ("whsec_é",)):
        message = _message(taker.url)
        unsigned = OutwardMessage(message.id, message.address, message.urgency, message.body, secrets, message.sent_at)
        assert channel.send(unsigned) == NotDelivered("no_signing_secret")
    assert taker.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_called_unless_that_is_allowed(taker: Receiver, host: str) -> None:
    strict = WebhookChannel(hosts=[f"{host.strip('[]')}:{taker.port}"])
    assert strict.send(_message(f"https://{host}:{taker.port}/hook")) == Refused("forbidden_address")
    assert taker.received == []


def test_a_name_that_points_to_us_is_not_called(taker: Receiver) -> None:
    for answers in (["127.0.0.1"], ["10.1.2.3"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"]):
        channel = WebhookChannel(resolver=_resolving_to(*answers))
        assert channel.send(_message("https://receiver.example/")) == Refused("forbidden_address")


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "https://receiver.example:8443/",
        "https://user:word@receiver.example/",
        "ftp://receiver.example/",
        "receiver.example",
        "https://",
        "",
        "https://[::1/",
    ],
)
def test_only_plain_https_addresses_are_called(url: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("was resolved")

    assert WebhookChannel(resolver=never).send(_message(url)) == Refused("forbidden_address")


def test_an_allow_list_names_the_receivers_that_may_be_called(taker: Receiver) -> None:
    def send(url: str, *hosts: str) -> SendResult:
        return WebhookChannel(hosts=hosts, allow_private=True).send(_message(url))

    assert send(taker.url, "127.0.0.1") == Delivered()
    assert send(taker.url, f"127.0.0.1:{taker.port}") == Delivered()
    assert send(taker.url, "127.0.0.1:1", "receiver.example") == Refused("forbidden_address")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for receiver.example with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("receiver.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    os.chmod(path, 0o600)
    return path


def test_the_certificate_must_be_that_of_the_name_though_the_address_is_called(certificate: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    names: list[str] = []

    def remember(host: str, port: int) -> list[str]:
        names.append(host)
        return ["127.0.0.1"]

    channel = WebhookChannel(allow_private=True, resolver=remember, tls=trusting)
    with receiver(server) as taker:
        assert channel.send(_message(f"https://receiver.example:{taker.port}/hook")) == Delivered()
        assert channel.send(_message(f"https://impostor.example:{taker.port}/hook")) == NotDelivered("no_connection")
        distrusting = WebhookChannel(allow_private=True, resolver=remember)
        assert distrusting.send(_message(f"https://receiver.example:{taker.port}/")) == NotDelivered("no_connection")
        assert len(taker.received) == 1
    assert names == ["receiver.example", "impostor.example", "receiver.example"]


def test_the_body_says_nothing_but_that_something_needs_attention() -> None:
    identity = uuid4()
    body = thin_body(identity, Urgency.U1, "https://tallystick.example/inbox/1")
    assert sorted(body) == ["id", "link", "text", "type", "urgency"]
    assert len(json.dumps(body)) < 400
