// Plays tasks: a job is read from a file, what the client did is printed as one line.
// With `-` in place of the file, jobs are read from standard input, one a line, until it ends;
// a first line says when the library is loaded.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Play the task of the job; the process ends with 1 where the client threw. Or play what comes. */
export async function play(tasks) {
  if (process.argv[2] === "-") {
    process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
    for await (const line of createInterface({ input: process.stdin })) {
      await playOne(tasks, JSON.parse(line));
    }
  } else {
    const said = await playOne(tasks, JSON.parse(readFileSync(process.argv[2], "utf8")));
    process.exitCode = said.ok ? 0 : 1;
  }
}

async function playOne(tasks, given) {
  const job = new Job(given);
  Object.assign(process.env, job.env);
  let outcome = {};
  let error = "";
  try {
    outcome = await tasks[job.task](job);
  } catch (thrown) {
    error = `${nameOf(thrown)}: ${thrown?.message ?? thrown}`;
  }
  const told = { tool_runs: job.runs, answers: job.answers, ...outcome, error };
  const said = { task: job.task, ok: !error, ...told };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  return said;
}

/** The name of what was thrown; many classes of errors have no name but that of the class. */
function nameOf(thrown) {
  const { name } = thrown ?? {};
  return name && name !== "Error" ? name : (thrown?.constructor?.name ?? typeof thrown);
}

/** What is to be done, and what the client said about it so far. */
class Job {
  env = {};
  most_retries = 0;
  streamed = true;
  runs = [];
  answers = [];

  constructor(given) {
    Object.assign(this, given);
  }

  /** The library's own option for how often it asks again; null leaves that to the library. */
  retries() {
    return this.most_retries === null ? {} : { maxRetries: this.most_retries };
  }

  /** Run a tool: its result is the one that belongs to the city asked about. */
  run(name, args) {
    this.runs.push({ name, arguments: args });
    return this.results[args?.city] ?? `There is no weather for ${JSON.stringify(args)}.`;
  }

  /** Note what the client says of one answer. */
  told(stop, input, output) {
    this.answers.push({ stop, input, output });
  }
}
