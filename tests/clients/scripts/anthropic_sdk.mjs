// What a program does with the official TypeScript SDK `@anthropic-ai/sdk`; it judges nothing.

import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { VERSION } from "@anthropic-ai/sdk/version";
import { main } from "./cases.mjs";

/** The requests that a client sent, seen on their way out. */
class Wire {
  requests = [];

  fetch = (url, options) => {
    this.requests.push({ url: new URL(url), headers: new Headers(options.headers) });
    return fetch(url, options);
  };
}

/** A client as its documentation makes one, with a time limit. */
function sdk(given, wire, more = {}) {
  const options = { baseURL: given.base_url, apiKey: given.key, timeout: 10_000, ...more };
  return new Anthropic(wire ? { ...options, fetch: wire.fetch } : options);
}

/** The arguments of a plain question. */
function asked(given, text = "Say hello.", more = {}) {
  const messages = [{ role: "user", content: text }];
  return { model: given.model, max_tokens: 400, messages, ...more };
}

function textOf(message) {
  const texts = message.content.filter((block) => block.type === "text");
  return texts.map((block) => block.text).join("");
}

/** What the tests look at in a message. */
function told(message) {
  const calls = message.content.filter((block) => block.type === "tool_use");
  return {
    text: textOf(message),
    types: message.content.map((block) => block.type),
    calls: calls.map(({ name, input }) => ({ name, input })),
    stop_reason: message.stop_reason,
    input_tokens: message.usage.input_tokens,
    output_tokens: message.usage.output_tokens,
  };
}

/** The turns that answer every call of a message. */
function results(message) {
  const calls = message.content.filter((block) => block.type === "tool_use");
  const answers = calls.map((block) => ({
    type: "tool_result",
    tool_use_id: block.id,
    content: `It rains in ${block.input.city}.`,
  }));
  return [
    { role: "assistant", content: message.content },
    { role: "user", content: answers },
  ];
}

async function listed(iterable) {
  const found = [];
  for await (const one of iterable) found.push(one);
  return found;
}

/** What iterating over a helper gives, and what it made of that. */
async function iterated(stream) {
  const events = await listed(stream);
  const pieces = events.map((event) => event.delta?.text).filter((text) => text !== undefined);
  return { pieces, ...told(await stream.finalMessage()) };
}

/** The texts as they came, and what the helper made of them. */
async function gathered(stream) {
  const pieces = [];
  stream.on("text", (piece) => pieces.push(piece));
  return { pieces, ...told(await stream.finalMessage()) };
}

/** The names of the credential headers and the version of the one request. */
function sent(wire) {
  const [{ headers }] = wire.requests;
  return {
    credentials: ["authorization", "x-api-key"].filter((name) => headers.has(name)),
    version: headers.get("anthropic-version"),
  };
}

const cases = {
  version: async () => VERSION,

  async text(given) {
    const message = await sdk(given).messages.create(asked(given, given.say));
    return { ...told(message), request_id: message._request_id };
  },

  stream_helper: (given) => gathered(sdk(given).messages.stream(asked(given, given.say))),

  stream_async: (given) => iterated(sdk(given).messages.stream(asked(given, given.say))),

  async stream_raw(given) {
    const ask = asked(given, given.say, { stream: true });
    const events = await listed(await sdk(given).messages.create(ask));
    const deltas = events.filter((event) => event.type === "content_block_delta");
    const last = events.find((event) => event.type === "message_delta");
    return {
      types: events.map((event) => event.type),
      pieces: deltas.map((event) => event.delta.text),
      stop_reason: last.delta.stop_reason,
      output_tokens: last.usage.output_tokens,
    };
  },

  async tool(given) {
    const client = sdk(given);
    const ask = asked(given, given.ask_one, { tools: [given.tool] });
    const called = await client.messages.create(ask);
    const messages = [...ask.messages, ...results(called)];
    const after = await client.messages.create({ ...ask, messages });
    return { called: told(called), after: told(after) };
  },

  async parallel_tools(given) {
    const client = sdk(given);
    const ask = asked(given, given.ask_two, { tools: [given.tool] });
    const called = await client.messages.stream(ask).finalMessage();
    const messages = [...ask.messages, ...results(called)];
    const after = await client.messages.create({ ...ask, messages });
    return { called: told(called), after: told(after) };
  },

  async thinking(given) {
    const client = sdk(given);
    const mode = { type: "enabled", budget_tokens: 1024 };
    const ask = asked(given, given.ask_sum, { max_tokens: 2000, thinking: mode });
    const thought = await client.messages.stream(ask).finalMessage();
    const back = [
      { role: "assistant", content: thought.content },
      { role: "user", content: "Why?" },
    ];
    const after = await client.messages.create({ ...ask, messages: [...ask.messages, ...back] });
    const { thinking, signature } = thought.content[0];
    return { thinking, signature, first: told(thought), after: told(after) };
  },

  async image(given) {
    const source = { type: "base64", media_type: "image/png", data: given.image };
    const content = [
      { type: "image", source },
      { type: "text", text: "What is this?" },
    ];
    return told(await sdk(given).messages.create(asked(given, content)));
  },

  async count_tokens(given) {
    const { model, messages } = asked(given, given.say);
    const ask = { model, messages, system: "Be brief." };
    return (await sdk(given).messages.countTokens(ask)).input_tokens;
  },

  async models(given) {
    const wire = new Wire();
    const found = await listed(sdk(given, wire).models.list({ limit: 2 }));
    return {
      ids: found.map((model) => model.id),
      names: found.map((model) => model.display_name),
      years: found.map((model) => new Date(model.created_at).getUTCFullYear()),
      requests: wire.requests.length,
    };
  },

  async model(given) {
    const { id, type } = await sdk(given).models.retrieve(given.model);
    return { id, type };
  },

  async beta(given) {
    const wire = new Wire();
    const namespace = sdk(given, wire).beta;
    const ask = asked(given, given.say);
    const betas = ["extended-cache-ttl-2025-04-11"];
    const message = await namespace.messages.create({ ...ask, betas });
    const { pieces } = await gathered(namespace.messages.stream(ask));
    const { model, messages } = ask;
    const counted = await namespace.messages.countTokens({ model, messages });
    return {
      message: told(message),
      pieces,
      counted: counted.input_tokens,
      models: (await listed(namespace.models.list({ limit: 2 }))).map((found) => found.id),
      queries: wire.requests.slice(0, 3).map((request) => request.url.search.slice(1)),
    };
  },

  async credentials(given) {
    const wire = new Wire();
    await sdk(given, wire).messages.create(asked(given));
    return sent(wire);
  },

  async token(given) {
    const wire = new Wire();
    await sdk(given, wire, { apiKey: null, authToken: given.key }).messages.create(asked(given));
    return sent(wire);
  },

  async environment(given) {
    const wire = new Wire();
    process.env.ANTHROPIC_API_KEY = given.key;
    process.env.ANTHROPIC_BASE_URL = given.base_url;
    try {
      await new Anthropic({ fetch: wire.fetch }).messages.create(asked(given));
    } finally {
      delete process.env.ANTHROPIC_API_KEY;
      delete process.env.ANTHROPIC_BASE_URL;
    }
    return sent(wire);
  },

  invalid: (given) => sdk(given).messages.create(asked(given, "", { messages: [] })),

  invalid_stream: async (given) =>
    listed(await sdk(given).messages.create(asked(given, "", { messages: [], stream: true }))),

  unauthenticated: (given) =>
    sdk(given, null, { apiKey: given.wrong_key }).messages.create(asked(given)),

  payment_required: (given) =>
    sdk(given, null, { apiKey: given.capped_key }).messages.create(asked(given)),

  not_found: (given) => sdk(given).models.retrieve("no-such-model"),

  too_large: (given) =>
    sdk(given).messages.create(asked(given, "x".repeat(given.too_many_bytes))),

  async unavailable(given) {
    const wire = new Wire();
    const ask = asked(given, "Say hello.", { model: given.idle_model });
    try {
      return await sdk(given, wire, { maxRetries: 1 }).messages.create(ask);
    } catch (error) {
      error.tries = wire.requests.length;
      throw error;
    }
  },

  async retried(given) {
    const wire = new Wire();
    try {
      const message = await sdk(given, wire, { maxRetries: 2 }).messages.create(
        asked(given, given.say),
      );
      return { ...told(message), tries: wire.requests.length };
    } catch (error) {
      error.tries = wire.requests.length;
      throw error;
    }
  },
};

/** What the SDK knows of an error. */
function factsOf(error) {
  if (!(error instanceof APIError)) return {};
  const { status, error: body, requestID, tries = 1 } = error;
  return { status, body, request_id: requestID, tries };
}

await main(cases, factsOf);
