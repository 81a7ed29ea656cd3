// Takes webhooks and verifies them with the Standard Webhooks library for JavaScript; one line of JSON for each.
// Argument: how many of the first calls to answer with 500. The first line that it prints is its port; the first line
// on its standard input is the secret, which is known only once this address is registered.

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

let failing = Number(process.argv[2] ?? 0);

function verified(webhook, body, headers) {
  try {
    webhook.verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

function forgeries(body, headers) {
  const changed = (name, value) => ({ ...headers, [name]: value });
  const signature = headers["webhook-signature"];
  const last = signature.at(-3) === "A" ? "B" : "A";
  return {
    body: [body.replace("notification", "Notification"), headers],
    id: [body, changed("webhook-id", `${headers["webhook-id"]}x`)],
    timestamp: [body, changed("webhook-timestamp", String(Number(headers["webhook-timestamp"]) + 1))],
    signature: [body, changed("webhook-signature", signature.slice(0, -3) + last + signature.slice(-2))],
    unsigned: [body, changed("webhook-signature", "")],
  };
}

const lines = createInterface({ input: process.stdin });
const secret = new Promise((known) => lines.once("line", (line) => known(new Webhook(line.trim()))));

const server = createServer(async (request, response) => {
  const webhook = await secret;
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString("utf8");
  const headers = request.headers;
  const taken = verified(webhook, body, headers);
  const accepted = Object.entries(taken ? forgeries(body, headers) : {})
    .filter(([, [text, said]]) => verified(webhook, text, said))
    .map(([what]) => what);
  const status = failing-- > 0 ? 500 : taken ? 204 : 401;
  response.writeHead(status).end();
  const id = headers["webhook-id"];
  console.log(JSON.stringify({ id, timestamp: headers["webhook-timestamp"], taken, accepted, status, body }));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
