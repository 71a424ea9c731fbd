// What a program does with the AI SDK's provider `@ai-sdk/openai`; it judges nothing.

import { createOpenAI, VERSION } from "@ai-sdk/openai";
import { generateText } from "ai";
import { playWith, streamed, to, told } from "./ai_sdk.mjs";

const STATUS = { stop: "completed" };

/** A model that is asked by the Responses API, which is this provider's default. */
function asked(given) {
  const provider = createOpenAI({ baseURL: given.base_url, apiKey: given.key });
  return to(provider(given.model), given.say);
}

await playWith(
  { make: createOpenAI, chat: (provider, model) => provider.chat(model) },
  {
    version: () => VERSION,

    async response(given) {
      const { text, finish_reason } = await told(await generateText(asked(given)));
      return { text, status: STATUS[finish_reason] };
    },

    async response_stream(given) {
      const { result, pieces } = await streamed(asked(given));
      const { text, finish_reason } = await told(result);
      return { pieces, text, status: STATUS[finish_reason] };
    },
  },
);
