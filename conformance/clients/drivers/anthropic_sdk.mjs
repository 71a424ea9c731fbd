// What a program does with the official SDK `@anthropic-ai/sdk`, its answers streamed or whole.

import Anthropic from "@anthropic-ai/sdk";
import { play } from "./task.mjs";

/** The SDK, which finds in the environment where to send. */
const sdk = (job) => new Anthropic(job.retries());

/** The arguments of a question. */
function asked(job, more = {}) {
  const messages = [{ role: "user", content: job.prompt }];
  return { model: job.model, max_tokens: job.budget, messages, ...more };
}

/** The text as it came, and the message that the SDK made of the stream. */
async function answered(job, ask) {
  const pieces = [];
  let message;
  if (job.streamed) {
    const stream = sdk(job).messages.stream(ask);
    stream.on("text", (piece) => pieces.push(piece));
    message = await stream.finalMessage();
  } else {
    message = await sdk(job).messages.create(ask);
    pieces.push(...message.content.map((block) => block.text ?? ""));
  }
  job.told(message.stop_reason, message.usage.input_tokens, message.usage.output_tokens);
  return { text: pieces.join(""), message };
}

/** A question whose answer needs tools; they are run until no more are called. */
async function tools(job) {
  const offered = job.tools.map(({ name, description, parameters }) => ({
    name,
    description,
    input_schema: parameters,
  }));
  let ask = asked(job, { tools: offered });
  for (;;) {
    const { text, message } = await answered(job, ask);
    const calls = message.content.filter((block) => block.type === "tool_use");
    if (!calls.length) return { text };
    const content = calls.map(({ id, name, input }) => ({
      type: "tool_result",
      tool_use_id: id,
      content: job.run(name, input),
    }));
    const turns = [{ role: "assistant", content: message.content }, { role: "user", content }];
    ask = { ...ask, messages: [...ask.messages, ...turns] };
  }
}

/** A question that is thought about first. */
async function thinking(job) {
  const ask = asked(job, { max_tokens: job.budget + 1024 });
  const thought = { thinking: { type: "enabled", budget_tokens: 1024 } };
  const { text, message } = await answered(job, { ...ask, ...thought });
  const blocks = message.content.filter((block) => block.type === "thinking");
  return {
    text,
    thinking: blocks.map((block) => block.thinking).join(""),
    signature: blocks.map((block) => block.signature).join(""),
  };
}

/** How long the question is. */
async function countTokens(job) {
  const { max_tokens: _, ...ask } = asked(job);
  return { tokens: (await sdk(job).messages.countTokens(ask)).input_tokens };
}

await play({
  text: async (job) => ({ text: (await answered(job, asked(job))).text }),
  tool: tools,
  parallel_tools: tools,
  thinking,
  count_tokens: countTokens,
});
