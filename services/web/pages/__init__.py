"""Pages for people: sign in, my inbox, my tasks, a case's timeline. Plain, rendered here, without scripts."""

from apiflask import APIBlueprint

from services.web.pages import inbox, linking, sign_in, tasks, timeline, words

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)
for part in (sign_in, inbox, tasks, timeline, linking):
    part.add_to(blueprint)
words.add_to(blueprint)
