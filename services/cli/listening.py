"""`tallystick listen`: a receiver for trying webhooks out. Checks each signature and prints what came."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import click
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

_MOST_BYTES = 65_536


@click.command()
@click.option("--port", type=int, default=8500, show_default=True, help="The port on 127.0.0.1.")
@click.option("--secret", required=True, help="The endpoint's signing secret, as shown when it was registered.")
@click.option("--count", type=int, default=0, help="Stop after so many good messages. 0: go on until Ctrl-C.")
def listen(port: int, secret: str, count: int) -> None:
    """Receive webhooks on this machine, for a try; print each whose signature is good, refuse the others."""
    left = count
    hook = _hook(secret)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal left
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES))
            try:
                hook.verify(body, dict(self.headers))
            except WebhookVerificationError:
                self.send_error(HTTPStatus.UNAUTHORIZED)
                return
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            click.echo(body.decode())
            left -= 1

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the library's)
            """Keep the access log quiet: what is printed are the messages."""

    with HTTPServer(("127.0.0.1", port), Receiver) as server:
        while count == 0 or left > 0:
            server.handle_request()


def _hook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (EmptyWebhookSecretError, ValueError):
        raise click.BadParameter("is no signing secret: they look like whsec_…", param_hint="--secret") from None
