"""What is registered, for administrators and the command line. None of it is about a case."""

from datetime import date

from services.domain.actors import Actor
from services.storage import agencies, clients, endpoints, staff, teams
from services.storage.agencies import AgencyLine, CountyLine
from services.storage.clients import ClientLine
from services.storage.endpoints import EndpointLine
from services.storage.staff import StaffLine
from services.storage.teams import TeamLine
from services.system import System


def list_agencies(system: System, actor: Actor) -> list[AgencyLine]:
    """Every agency, by slug."""
    with system.database.begin(actor) as connection:
        return agencies.listed(connection)


def list_counties(system: System, actor: Actor) -> list[CountyLine]:
    """Every county, by slug."""
    with system.database.begin(actor) as connection:
        return agencies.listed_counties(connection)


def list_staff(system: System, actor: Actor) -> list[StaffLine]:
    """Every member of staff, by agency and user name."""
    with system.database.begin(actor) as connection:
        return staff.listed(connection)


def list_teams(system: System, actor: Actor, day: date) -> list[TeamLine]:
    """Every team, by agency and slug, with its members on ``day``."""
    with system.database.begin(actor) as connection:
        return teams.listed(connection, day)


def list_clients(system: System, actor: Actor) -> list[ClientLine]:
    """Every client that the actor may see (all of them, or those of its own agency), by its id."""
    with system.database.begin(actor) as connection:
        return clients.listed(connection)


def list_endpoints(system: System, actor: Actor) -> list[EndpointLine]:
    """Every endpoint that the actor may see (all of them, or those of its own agency), by agency and URL."""
    with system.database.begin(actor) as connection:
        return endpoints.listed(connection)
