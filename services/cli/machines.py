"""`tallystick client`, `endpoint`: the machines of agencies, and the addresses at which they take webhooks."""

from uuid import UUID

import click

from services.actions import rotate_secrets, suspend
from services.actions.read import registry as read
from services.actions.register_client import register_client
from services.actions.register_endpoint import register_endpoint
from services.cli.here import MakeSystem
from services.cli.registering import ACTOR, AGENCY, ALLOW_PRIVATE, NAME, ROLES, ids, marks, say, show
from services.domain.registry import EVENTS_PER_MINUTE, NewClient, NewEndpoint
from services.domain.roles import Role
from services.domain.scopes import Scope


@click.group()
def client() -> None:
    """Clients: machines of agencies, and their secrets (OAuth 2 client credentials)."""


@client.command("add")
@click.argument("client_id")
@AGENCY
@NAME
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]), help="May be repeated."
)
@ROLES
@click.option("--events-per-minute", type=click.IntRange(1), default=EVENTS_PER_MINUTE, show_default=True)
@click.pass_obj
def add_client(
    make_system: MakeSystem,
    client_id: str,
    agency: str,
    name: str,
    scopes: tuple[str, ...],
    roles: tuple[str, ...],
    events_per_minute: int,
) -> None:
    """Register a client, or change it. A new one's secret is shown once."""
    new = NewClient(
        agency, client_id, name, frozenset(map(Scope, scopes)), frozenset(map(Role, roles)), events_per_minute
    )
    say(register_client(make_system(), ACTOR, new))


@client.command("list")
@click.pass_obj
def list_clients(make_system: MakeSystem) -> None:
    """List the clients, with the ids of their secrets."""
    rows = (
        (line.client_id, " ".join(line.scopes), " ".join(line.roles), ids(line.secrets), marks(off=not line.active))
        for line in read.list_clients(make_system(), ACTOR)
    )
    show(("client", "scopes", "roles", "secrets", ""), rows)


@client.command("add-secret")
@click.argument("client_id")
@click.pass_obj
def add_client_secret(make_system: MakeSystem, client_id: str) -> None:
    """Make a second secret, so that the first can be replaced. It is shown once."""
    say(rotate_secrets.add_client_secret(make_system(), ACTOR, client_id))


@client.command("revoke-secret")
@click.argument("client_id")
@click.argument("secret_id", type=click.UUID)
@click.pass_obj
def revoke_client_secret(make_system: MakeSystem, client_id: str, secret_id: UUID) -> None:
    """Make one secret void."""
    say(rotate_secrets.revoke_client_secret(make_system(), ACTOR, client_id, secret_id))


@client.command("suspend")
@click.argument("client_id")
@click.pass_obj
def suspend_client(make_system: MakeSystem, client_id: str) -> None:
    """Switch a client off: its tokens are refused from now."""
    say(suspend.switch_client(make_system(), ACTOR, client_id, active=False))


@client.command("reinstate")
@click.argument("client_id")
@click.pass_obj
def reinstate_client(make_system: MakeSystem, client_id: str) -> None:
    """Switch a client on again."""
    say(suspend.switch_client(make_system(), ACTOR, client_id, active=True))


@click.group()
def endpoint() -> None:
    """Endpoints: where agencies take signed webhooks."""


@endpoint.command("add")
@click.argument("url")
@AGENCY
@ALLOW_PRIVATE
@click.pass_obj
def add_endpoint(make_system: MakeSystem, url: str, agency: str, allow_private: bool) -> None:
    """Register an address. A new one's signing secret is shown once."""
    say(register_endpoint(make_system(), ACTOR, NewEndpoint(agency, url), allow_private=allow_private))


@endpoint.command("list")
@click.pass_obj
def list_endpoints(make_system: MakeSystem) -> None:
    """List the endpoints, with the ids of their secrets."""
    rows = (
        (str(line.id), line.agency, line.url, ids(line.secrets), marks(off=not line.active))
        for line in read.list_endpoints(make_system(), ACTOR)
    )
    show(("endpoint", "agency", "url", "secrets", ""), rows)


@endpoint.command("add-secret")
@click.argument("endpoint_id", type=click.UUID)
@click.pass_obj
def add_endpoint_secret(make_system: MakeSystem, endpoint_id: UUID) -> None:
    """Make a second signing secret, so that the first can be replaced. It is shown once."""
    say(rotate_secrets.add_endpoint_secret(make_system(), ACTOR, endpoint_id))


@endpoint.command("revoke-secret")
@click.argument("endpoint_id", type=click.UUID)
@click.argument("secret_id", type=click.UUID)
@click.pass_obj
def revoke_endpoint_secret(make_system: MakeSystem, endpoint_id: UUID, secret_id: UUID) -> None:
    """Stop signing with one secret."""
    say(rotate_secrets.revoke_endpoint_secret(make_system(), ACTOR, endpoint_id, secret_id))


@endpoint.command("suspend")
@click.argument("endpoint_id", type=click.UUID)
@click.pass_obj
def suspend_endpoint(make_system: MakeSystem, endpoint_id: UUID) -> None:
    """Send nothing more to an endpoint."""
    say(suspend.switch_endpoint(make_system(), ACTOR, endpoint_id, active=False))


@endpoint.command("reinstate")
@click.argument("endpoint_id", type=click.UUID)
@click.pass_obj
def reinstate_endpoint(make_system: MakeSystem, endpoint_id: UUID) -> None:
    """Send to an endpoint again."""
    say(suspend.switch_endpoint(make_system(), ACTOR, endpoint_id, active=True))
