// What a program does with LangChain.js, its answers streamed or whole.

import { ChatAnthropic } from "@langchain/anthropic";
import { AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { play } from "./task.mjs";

/** A chat model as its documentation makes one; only Anthropic's asks the environment for a URL. */
function chat(job, more = {}) {
  const options = { model: job.model, maxTokens: job.budget, ...job.retries(), ...more };
  if (job.protocol === "anthropic") {
    return new ChatAnthropic({ ...options, anthropicApiUrl: process.env.ANTHROPIC_BASE_URL });
  }
  const configuration = { baseURL: process.env.OPENAI_BASE_URL };
  return new ChatOpenAI({ ...options, streamUsage: job.streamed, configuration });
}

/** The message that LangChain adds up from the chunks, or that came as a whole. */
async function answered(job, model, turns) {
  let message;
  if (!job.streamed) message = await model.invoke(turns);
  for await (const chunk of job.streamed ? await model.stream(turns) : []) {
    message = message ? message.concat(chunk) : chunk;
  }
  // Where no chunk came LangChain says nothing, and a program has nothing.
  message ??= new AIMessageChunk("");
  const told = { ...message.response_metadata, ...message.additional_kwargs };
  const usage = message.usage_metadata;
  job.told(told.stop_reason ?? told.finish_reason, usage?.input_tokens, usage?.output_tokens);
  return message;
}

/** A question whose answer needs tools; they are run until no more are called. */
async function tools(job) {
  const offered = job.tools.map((tool) => ({ type: "function", function: tool }));
  const model = chat(job).bindTools(offered);
  let turns = [new HumanMessage(job.prompt)];
  for (;;) {
    const message = await answered(job, model, turns);
    if (!message.tool_calls?.length) return { text: message.text };
    const results = message.tool_calls.map(
      ({ id, name, args }) => new ToolMessage({ content: job.run(name, args), tool_call_id: id }),
    );
    turns = [...turns, message, ...results];
  }
}

/** A question that is thought about first. */
async function thinking(job) {
  const thought = { type: "enabled", budget_tokens: 1024 };
  const model = chat(job, { maxTokens: job.budget + 1024, thinking: thought });
  const message = await answered(job, model, [new HumanMessage(job.prompt)]);
  const blocks = message.content.filter((block) => block.type === "thinking");
  return {
    text: message.text,
    thinking: blocks.map((block) => block.thinking ?? "").join(""),
    signature: blocks.map((block) => block.signature ?? "").join(""),
  };
}

await play({
  text: async (job) => ({
    text: (await answered(job, chat(job), [new HumanMessage(job.prompt)])).text,
  }),
  tool: tools,
  parallel_tools: tools,
  thinking,
});
