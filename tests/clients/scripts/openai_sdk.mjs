// What a program does with the official TypeScript SDK `openai`; it judges nothing.

import OpenAI, { APIError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { VERSION } from "openai/version";
import { z } from "zod";
import { main } from "./cases.mjs";

const PERSON = z.object({ name: z.string(), age: z.number().int() });

/** A client as its documentation makes one, with a time limit. */
function sdk(given, more = {}) {
  const options = { baseURL: given.base_url, apiKey: given.key, timeout: 10_000, maxRetries: 0 };
  return new OpenAI({ ...options, ...more });
}

/** The arguments of a plain question. */
function asked(given, text = "Say hello.", more = {}) {
  return { model: given.model, messages: [{ role: "user", content: text }], ...more };
}

/** What the tests look at in a completion. */
function told(completion) {
  const [choice] = completion.choices;
  const calls = choice.message.tool_calls ?? [];
  return {
    text: choice.message.content,
    calls: calls.map((call) => ({
      name: call.function.name,
      input: JSON.parse(call.function.arguments),
    })),
    finish_reason: choice.finish_reason,
    input_tokens: completion.usage.prompt_tokens,
    output_tokens: completion.usage.completion_tokens,
  };
}

/** The turns that answer every call of a completion, which goes back as it came. */
function results(completion) {
  const { message } = completion.choices[0];
  const answers = message.tool_calls.map((call) => ({
    role: "tool",
    tool_call_id: call.id,
    content: `It rains in ${JSON.parse(call.function.arguments).city}.`,
  }));
  return [message, ...answers];
}

async function listed(iterable) {
  const found = [];
  for await (const one of iterable) found.push(one);
  return found;
}

const USAGE = { stream_options: { include_usage: true } };

/** Ask for tool calls, answer them, and tell both completions. */
async function answered(client, ask, called) {
  const messages = [...ask.messages, ...results(called)];
  const after = await client.chat.completions.create({ ...ask, messages });
  return { called: told(called), after: told(after) };
}

const cases = {
  version: () => VERSION,

  async text(given) {
    const completion = await sdk(given).chat.completions.create(asked(given, given.say));
    return { ...told(completion), request_id: completion._request_id };
  },

  async stream_iterated(given) {
    const ask = asked(given, given.say, { stream: true, ...USAGE });
    const chunks = await listed(await sdk(given).chat.completions.create(ask));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    return {
      pieces: choices.map((choice) => choice.delta.content ?? ""),
      finish_reasons: choices.map((choice) => choice.finish_reason).filter(Boolean),
      output_tokens: chunks.map((chunk) => chunk.usage?.completion_tokens).filter(Boolean),
    };
  },

  async stream_helper(given) {
    const stream = sdk(given).chat.completions.stream(asked(given, given.say, USAGE));
    const pieces = [];
    stream.on("content", (piece) => pieces.push(piece));
    return { pieces, ...told(await stream.finalChatCompletion()) };
  },

  async tool(given) {
    const client = sdk(given);
    const ask = asked(given, given.ask_one, { tools: [given.tool] });
    return answered(client, ask, await client.chat.completions.create(ask));
  },

  async parallel_tools(given) {
    const client = sdk(given);
    const ask = asked(given, given.ask_two, { tools: [given.tool] });
    const stream = client.chat.completions.stream({ ...ask, ...USAGE });
    return answered(client, ask, await stream.finalChatCompletion());
  },

  async structured(given) {
    const format = { response_format: zodResponseFormat(PERSON, "person") };
    const { completions } = sdk(given).chat;
    const ask = asked(given, given.ask_person, format);
    const plain = await completions.parse(ask);
    const streamed = await completions.stream(ask).finalChatCompletion();
    return {
      plain: plain.choices[0].message.parsed,
      streamed: streamed.choices[0].message.parsed,
    };
  },

  async embeddings(given) {
    const wanted = { model: given.embedding_model, input: ["one", "two"] };
    const { embeddings } = sdk(given);
    const vectors = (answer) => answer.data.map((row) => Array.from(row.embedding));
    return {
      default: vectors(await embeddings.create(wanted)),
      float: vectors(await embeddings.create({ ...wanted, encoding_format: "float" })),
    };
  },

  async response(given) {
    const found = await sdk(given).responses.create({ model: given.model, input: given.say });
    return { text: found.output_text, status: found.status };
  },

  async response_stream(given) {
    const stream = sdk(given).responses.stream({ model: given.model, input: given.say });
    const events = await listed(stream);
    const final = await stream.finalResponse();
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    return {
      pieces: deltas.map((event) => event.delta),
      text: final.output_text,
      status: final.status,
    };
  },

  async models(given) {
    return (await listed(sdk(given).models.list())).map((model) => model.id);
  },

  async model(given) {
    return (await sdk(given).models.retrieve(given.model)).id;
  },

  async choices(given) {
    const ask = asked(given, given.say, { n: 2 });
    const completion = await sdk(given).chat.completions.create(ask);
    return completion.choices.map((choice) => choice.message.content);
  },

  async logprobs(given) {
    const ask = asked(given, given.say, { logprobs: true, top_logprobs: 2 });
    const completion = await sdk(given).chat.completions.create(ask);
    const entries = completion.choices[0].logprobs.content;
    return {
      tokens: entries.map((entry) => entry.token),
      bytes: entries.flatMap((entry) => entry.bytes),
      alternatives: entries.map((entry) => entry.top_logprobs.length),
    };
  },

  async reasoning(given) {
    const { completions } = sdk(given).chat;
    const ask = asked(given, given.ask_sum, { reasoning_effort: "low" });
    const plain = await completions.create(ask);
    const chunks = await listed(await completions.create({ ...ask, stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta);
    const joined = (name) => deltas.map((delta) => delta[name] ?? "").join("");
    return {
      plain: plain.choices[0].message.reasoning_content,
      streamed: joined("reasoning_content"),
      texts: [told(plain).text, joined("content")],
    };
  },

  async retried(given) {
    let tries = 0;
    const counted = (url, options) => {
      tries += 1;
      return fetch(url, options);
    };
    const { completions } = sdk(given, { maxRetries: 2, fetch: counted }).chat;
    try {
      return { ...told(await completions.create(asked(given, given.say))), tries };
    } catch (error) {
      error.tries = tries;
      throw error;
    }
  },

  invalid: (given) => sdk(given).chat.completions.create(asked(given, "", { messages: [] })),

  invalid_stream: (given) =>
    sdk(given).chat.completions.create(asked(given, "", { messages: [], stream: true })),

  unauthenticated: (given) =>
    sdk(given, { apiKey: given.wrong_key }).chat.completions.create(asked(given)),

  payment_required: (given) =>
    sdk(given, { apiKey: given.capped_key }).chat.completions.create(asked(given)),

  not_found: (given) => sdk(given).models.retrieve("no-such-model"),

  too_large: (given) =>
    sdk(given).chat.completions.create(asked(given, "x".repeat(given.too_many_bytes))),

  async rate_limited(given) {
    const client = sdk(given, { baseURL: given.limited_base_url, apiKey: given.limited_key });
    await client.chat.completions.create(asked(given));
    return client.chat.completions.create(asked(given));
  },

  unavailable: (given) =>
    sdk(given).chat.completions.create(asked(given, "Say hello.", { model: given.idle_model })),
};

/** What the SDK knows of an error. */
function factsOf(error) {
  if (!(error instanceof APIError)) return {};
  const { status, code, type, requestID, tries = 1 } = error;
  return { status, code, type, request_id: requestID, tries };
}

await main(cases, factsOf);
