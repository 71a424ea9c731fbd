// What a program does with the official SDK `openai` for JavaScript, its answers streamed or whole.

import OpenAI from "openai";
import { play } from "./task.mjs";

/** The SDK, which finds in the environment where to send. */
const sdk = (job) => new OpenAI(job.retries());

/** The arguments of a question. */
function asked(job, more = {}) {
  const messages = [{ role: "user", content: job.prompt }];
  const options = job.streamed ? { stream: true, stream_options: { include_usage: true } } : {};
  return { model: job.model, max_tokens: job.budget, messages, ...options, ...more };
}

/** A question, its chunks read one by one. */
async function text(job) {
  if (!job.streamed) return { text: (await gathered(job, asked(job))).content };
  const pieces = [];
  let stop;
  let usage;
  for await (const chunk of await sdk(job).chat.completions.create(asked(job))) {
    usage = chunk.usage ?? usage;
    for (const choice of chunk.choices) {
      pieces.push(choice.delta.content ?? "");
      stop = choice.finish_reason ?? stop;
    }
  }
  job.told(stop, usage?.prompt_tokens, usage?.completion_tokens);
  return { text: pieces.join("") };
}

/** A question whose answer needs tools; they are run until no more are called. */
async function tools(job) {
  let ask = asked(job, { tools: job.tools.map((tool) => ({ type: "function", function: tool })) });
  for (;;) {
    const message = await gathered(job, ask);
    if (!message.tool_calls?.length) return { text: message.content };
    const results = message.tool_calls.map((call) => ({
      role: "tool",
      tool_call_id: call.id,
      content: job.run(call.function.name, JSON.parse(call.function.arguments)),
    }));
    ask = { ...ask, messages: [...ask.messages, message, ...results] };
  }
}

/** The message that the SDK's helper made of a stream, or that came as a whole. */
async function gathered(job, ask) {
  const { completions } = sdk(job).chat;
  const completion = job.streamed
    ? await completions.stream(ask).finalChatCompletion()
    : await completions.create(ask);
  const [{ message, finish_reason: stop }] = completion.choices;
  job.told(stop, completion.usage?.prompt_tokens, completion.usage?.completion_tokens);
  return message;
}

await play({ text, tool: tools, parallel_tools: tools });
