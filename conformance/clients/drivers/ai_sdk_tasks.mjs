// What a program does with the AI SDK, whatever its provider, its answers streamed or whole.

import * as ai from "ai";

const { generateText, jsonSchema, streamText, tool } = ai;
const steps = ai.stepCountIs ?? ai.isStepCount;

/** The tasks, for models made by `chat`. */
export function tasks(chat) {
  const ask = (job) => ({
    model: chat(job.model, job.protocol),
    prompt: job.prompt,
    maxOutputTokens: job.budget,
    ...job.retries(),
  });
  return {
    text: (job) => answered(job, ask(job)),
    tool: (job) => answered(job, { ...ask(job), tools: tools(job), stopWhen: steps(8) }),
    parallel_tools: (job) => answered(job, { ...ask(job), tools: tools(job), stopWhen: steps(8) }),
    thinking: (job) => thought(job, ask(job)),
  };
}

/** The text as it came; the SDK itself runs the tools until no more are called. */
async function answered(job, options) {
  const { pieces } = await read(job, options);
  return { text: pieces.join("") };
}

/** A question that is thought about first. */
async function thought(job, options) {
  const anthropic = { thinking: { type: "enabled", budgetTokens: 1024 } };
  const { pieces, result } = await read(job, { ...options, providerOptions: { anthropic } });
  const reasoning = (await result.steps).flatMap((step) => step.reasoning ?? []);
  const metadata = reasoning.map((part) => part.providerMetadata ?? part.providerOptions);
  return {
    text: pieces.join(""),
    thinking: reasoning.map((part) => part.text).join(""),
    signature: metadata.map((one) => one?.anthropic?.signature ?? "").join(""),
  };
}

/** A stream's failure reaches its reader as a part, or raised: both are raised here. */
async function read(job, options) {
  const { streamed } = job;
  const result = streamed
    ? streamText({ ...options, onError: () => {} })
    : await generateText(options);
  let pieces = streamed ? [] : [result.text];
  for await (const part of streamed ? result.fullStream : []) {
    if (part.type === "error") throw part.error;
    if (part.type === "start-step") pieces = [];
    if (part.type === "text-delta") pieces.push(part.text);
  }
  for (const { rawFinishReason, finishReason, usage } of await result.steps) {
    job.told(rawFinishReason ?? finishReason, usage.inputTokens, usage.outputTokens);
  }
  return { result, pieces };
}

/** The tools of the job, in the form of this SDK. */
function tools(job) {
  const made = job.tools.map(({ name, description, parameters }) => [
    name,
    tool({
      description,
      inputSchema: jsonSchema(parameters),
      execute: async (input) => job.run(name, input),
    }),
  ]);
  return Object.fromEntries(made);
}
