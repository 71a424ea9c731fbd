// The AI SDK with its provider for OpenAI-compatible gateways.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { tasks } from "./ai_sdk_tasks.mjs";
import { play } from "./task.mjs";

/** The provider, which reads no variables by itself. */
function gateway() {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL } = process.env;
  return createOpenAICompatible({ name: "gateway", includeUsage: true, apiKey, baseURL });
}

await play(tasks((model) => gateway().chatModel(model)));
