// What a program does with the Vercel AI SDK, whatever its provider; it judges nothing.

import { APICallError, embedMany, generateText, jsonSchema, Output, streamText, tool } from "ai";
import { z } from "zod";
import { main } from "./cases.mjs";

const PERSON = z.object({ name: z.string(), age: z.number().int() });

/** How the provider under test is made, and how it makes a chat model. */
let maker;

function provider(given, access = {}) {
  return maker.make({ baseURL: given.base_url, apiKey: given.key, ...access });
}

/** The options of a plain question to a chat model. */
function asked(given, prompt = "Say hello.", { model = given.model, ...access } = {}) {
  return to(maker.chat(provider(given, access), model), prompt);
}

/** The options of a plain question to a model. */
export function to(model, prompt) {
  return { model, prompt, maxRetries: 0, abortSignal: AbortSignal.timeout(10_000) };
}

/** What the tests look at in a result, streamed or not. */
export async function told(result) {
  const calls = await result.toolCalls;
  const usage = await result.usage;
  return {
    text: await result.text,
    calls: calls.map((call) => ({ name: call.toolName, input: call.input })),
    finish_reason: await result.finishReason,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
  };
}

async function listed(iterable) {
  const found = [];
  for await (const one of iterable) found.push(one);
  return found;
}

/** A stream's failure reaches its reader as a part, or raised: both are raised here. */
export async function streamed(options) {
  const result = streamText({ ...options, onError: () => {} });
  const parts = await listed(result.fullStream);
  const failed = parts.find((part) => part.type === "error");
  if (failed) throw failed.error;
  return { result, pieces: parts.filter((part) => part.type === "text-delta").map((p) => p.text) };
}

/** The tool of the tests, in the form of this SDK. */
function tools(given) {
  const { name, description, parameters } = given.tool.function;
  return { [name]: tool({ description, inputSchema: jsonSchema(parameters) }) };
}

/** Tool calls, and what is said once they are answered. */
async function answered(given, question, called) {
  const { prompt, ...ask } = asked(given, question);
  const content = (await called.toolCalls).map((call) => ({
    type: "tool-result",
    toolCallId: call.toolCallId,
    toolName: call.toolName,
    output: { type: "text", value: `It rains in ${call.input.city}.` },
  }));
  const { messages } = await called.response;
  const history = [{ role: "user", content: prompt }, ...messages, { role: "tool", content }];
  const after = await generateText({ ...ask, messages: history, tools: tools(given) });
  return { called: await told(called), after: await told(after) };
}

const cases = {
  text: async (given) => told(await generateText(asked(given, given.say))),

  async stream_iterated(given) {
    const { result, pieces } = await streamed(asked(given, given.say));
    const { finish_reason, output_tokens } = await told(result);
    return { pieces, finish_reasons: [finish_reason], output_tokens: [output_tokens] };
  },

  async stream_helper(given) {
    const result = streamText(asked(given, given.say));
    return { pieces: await listed(result.textStream), ...(await told(result)) };
  },

  async tool(given) {
    const called = await generateText({ ...asked(given, given.ask_one), tools: tools(given) });
    return answered(given, given.ask_one, called);
  },

  async parallel_tools(given) {
    const ask = { ...asked(given, given.ask_two), tools: tools(given) };
    const { result } = await streamed(ask);
    return answered(given, given.ask_two, result);
  },

  async structured(given) {
    const ask = { ...asked(given, given.ask_person), output: Output.object({ schema: PERSON }) };
    const plain = await generateText(ask);
    const { result } = await streamed(ask);
    return { plain: plain.output, streamed: await result.output };
  },

  async embeddings(given) {
    const model = provider(given).embeddingModel(given.embedding_model);
    const found = await embedMany({ model, values: ["one", "two"], maxRetries: 0 });
    return { default: found.embeddings };
  },

  invalid: (given) => generateText({ ...asked(given, "Say hello."), temperature: 3 }),

  invalid_stream: (given) => streamed({ ...asked(given, "Say hello."), temperature: 3 }),

  unauthenticated: (given) =>
    generateText(asked(given, "Say hello.", { apiKey: given.wrong_key })),

  payment_required: (given) =>
    generateText(asked(given, "Say hello.", { apiKey: given.capped_key })),

  not_found: (given) =>
    generateText(asked(given, "Say hello.", { model: given.embedding_model })),

  too_large: (given) => generateText(asked(given, "x".repeat(given.too_many_bytes))),

  async rate_limited(given) {
    const access = { baseURL: given.limited_base_url, apiKey: given.limited_key };
    await generateText(asked(given, "Say hello.", access));
    return generateText(asked(given, "Say hello.", access));
  },

  unavailable: (given) => generateText(asked(given, "Say hello.", { model: given.idle_model })),
};

/** What the SDK knows of an error. */
function factsOf(error) {
  if (!APICallError.isInstance(error)) return {};
  const { code, type } = error.data?.error ?? {};
  return { status: error.statusCode, code, type };
}

/** Play the cases with one provider, and its own ones. */
export async function playWith(provider, more) {
  maker = provider;
  await main({ ...cases, ...more }, factsOf);
}
