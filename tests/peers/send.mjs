// Sends events with the CloudEvents SDK for JavaScript, in every mode of it, and prints what each request was answered.
// On standard input: {"url", "token", "events": [attributes and data of one event each, with its "mode"]}.

import { CloudEvent, HTTP } from "cloudevents";
import { readFileSync } from "node:fs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const answers = [];

async function post(mode, message) {
  const headers = { ...message.headers, authorization: `Bearer ${asked.token}` };
  const answer = await fetch(asked.url, { method: "POST", headers, body: message.body });
  answers.push({ mode, status: answer.status, body: await answer.json() });
}

const events = asked.events.map(({ mode, ...given }) => ({ mode, event: new CloudEvent(given) }));
for (const { mode, event } of events) {
  if (mode === "structured") await post(mode, HTTP.structured(event));
  if (mode === "binary") await post(mode, HTTP.binary(event));
}
// The SDK reads batches but makes none: a batch is the array of its events, as each of them writes itself.
const batch = events.filter(({ mode }) => mode === "batch").map(({ event }) => event);
if (batch.length > 0) {
  await post("batch", {
    headers: { "content-type": "application/cloudevents-batch+json; charset=utf-8" },
    body: JSON.stringify(batch),
  });
}
process.stdout.write(JSON.stringify(answers));
