// The AI SDK with the providers of both protocols.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { tasks } from "./ai_sdk_tasks.mjs";
import { play } from "./task.mjs";

await play(
  tasks((model, protocol) => {
    const { ANTHROPIC_BASE_URL, OPENAI_BASE_URL } = process.env;
    return protocol === "anthropic"
      ? createAnthropic({ baseURL: ANTHROPIC_BASE_URL })(model)
      : createOpenAI({ baseURL: OPENAI_BASE_URL }).chat(model);
  }),
);
