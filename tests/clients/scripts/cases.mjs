// Plays the cases of a client script: JSON on standard input, one JSON object as output.

import { readFileSync } from "node:fs";

/** Play all cases; `factsOf` tells what the client says of an exception of its own. */
export async function main(cases, factsOf) {
  const given = JSON.parse(readFileSync(0, "utf8"));
  const outcomes = {};
  for (const [name, play] of Object.entries(cases)) {
    outcomes[name] = await outcome(play, given, factsOf);
  }
  process.stdout.write(JSON.stringify(outcomes));
}

async function outcome(play, given, factsOf) {
  try {
    return { returned: await play(given) };
  } catch (error) {
    const raised = { types: typesOf(error), message: String(error.message) };
    return { raised: { ...raised, ...factsOf(error) } };
  }
}

function typesOf(error) {
  const types = [];
  for (let type = error.constructor; type?.name; type = Object.getPrototypeOf(type)) {
    types.push(type.name);
  }
  return types;
}
