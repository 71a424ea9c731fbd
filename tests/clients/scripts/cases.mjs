// Plays the cases of a client script: from a file what they are given, to the output one object.
//
// `plays` in the file says which cases are played, under which names, and what each is given
// beside the rest; without it each case is played once.

import { readFileSync } from "node:fs";

/** Play the cases; `factsOf` tells what the client says of an exception of its own. */
export async function main(cases, factsOf) {
  const { plays = everyOnce(cases), ...given } = JSON.parse(readFileSync(process.argv[2], "utf8"));
  const outcomes = {};
  for (const [name, play] of Object.entries(plays)) {
    outcomes[name] = await outcome(cases[play.case], { ...given, ...play }, factsOf);
  }
  process.stdout.write(JSON.stringify(outcomes));
}

function everyOnce(cases) {
  return Object.fromEntries(Object.keys(cases).map((name) => [name, { case: name }]));
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
