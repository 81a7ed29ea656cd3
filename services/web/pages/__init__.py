"""Pages for people: sign in, my inbox, my tasks, a case's timeline, efforts, pattern, goals. Plain, without scripts."""

from apiflask import APIBlueprint

from services.web.pages import efforts, goals, inbox, linking, pattern, sign_in, tasks, timeline, words

blueprint = APIBlueprint("pages", __name__, enable_openapi=False)
for part in (sign_in, inbox, tasks, timeline, linking, efforts, pattern, goals):
    part.add_to(blueprint)
words.add_to(blueprint)
