// What a program does with the AI SDK's `@ai-sdk/openai-compatible`; it judges nothing.

import { createOpenAICompatible, VERSION } from "@ai-sdk/openai-compatible";
import { playWith } from "./ai_sdk.mjs";

/** What this provider assumes only where it is told: that usage and schemas are understood. */
const SUPPORTED = { name: "gateway", includeUsage: true, supportsStructuredOutputs: true };

await playWith(
  {
    make: (access) => createOpenAICompatible({ ...SUPPORTED, ...access }),
    chat: (provider, model) => provider.chatModel(model),
  },
  { version: () => VERSION },
);
