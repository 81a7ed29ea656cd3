"""Signing in and out, the start page, and the page that explains problems."""

from datetime import timedelta

from apiflask import APIBlueprint
from flask import Response, current_app, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from services.actions.sign_in import SignedIn, sign_in
from services.actions.sign_out import sign_out
from services.clock import machine_clock
from services.domain.sign_in import KNOWN_BROWSER
from services.web import context
from services.web.authentication import SESSION_COOKIE, cookie_name, for_people, local_path, public
from services.web.kinds import KINDS
from services.web.limits import SIGN_INS_A_MINUTE


class SignInForm(FlaskForm):  # type: ignore[misc]
    """A name and a password."""

    username = StringField("User name", [DataRequired("Give your user name."), Length(max=64)])
    password = PasswordField("Password", [DataRequired("Give your password."), Length(max=1024)])


def add_to(blueprint: APIBlueprint) -> None:
    """Put these pages on the blueprint."""
    blueprint.get("/")(home)
    blueprint.route("/sign-in", methods=["GET", "POST"], endpoint="sign_in")(sign_in_page)
    blueprint.post("/sign-out", endpoint="sign_out")(sign_out_page)
    blueprint.get("/problems")(problems)


@for_people
def home() -> Response:
    """The start page is the inbox."""
    return current_app.make_response(redirect(url_for("pages.inbox")))


@public
def sign_in_page() -> Response | tuple[str, int] | str:
    """Sign in with a name and a password."""
    form = SignInForm()
    wanted = local_path(request.values.get("next"))
    if not form.validate_on_submit():
        return render_template("sign_in.html", form=form, wanted=wanted)
    context.rates().take("sign-ins", request.remote_addr or "unknown", SIGN_INS_A_MINUTE)
    before = request.cookies.get(cookie_name(SESSION_COOKIE))
    now = machine_clock()
    outcome = sign_in(context.system(), form.username.data, form.password.data, now, previous_token=before)
    if not isinstance(outcome, SignedIn):
        return render_template("sign_in.html", form=form, wanted=wanted, rejected=True), 401
    session.clear()
    response = current_app.make_response(redirect(wanted or url_for("pages.inbox"), 303))
    _set_cookie(response, outcome.token, KNOWN_BROWSER)
    return response


@for_people
def sign_out_page() -> Response:
    """End the session. The cookie stays: it lets the browser be known at the next sign-in, and opens nothing."""
    token = request.cookies.get(cookie_name(SESSION_COOKIE), "")
    sign_out(context.system(), token, machine_clock())
    session.clear()
    return current_app.make_response(redirect(url_for("pages.sign_in"), 303))


@public
def problems() -> str:
    """What the answers of the programming interface mean when something is wrong."""
    return render_template("problems.html", kinds=KINDS)


def _set_cookie(response: Response, token: str, lifetime: timedelta) -> None:
    response.set_cookie(
        cookie_name(SESSION_COOKIE),
        token,
        max_age=lifetime,
        secure=context.settings().secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
