/** One turn of a conversation, in the form that chat templates take. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  /** What some templates write besides: whose turn it is, calls of tools and which of them is answered, and reasoning. */
  readonly name?: unknown;
  readonly tool_calls?: unknown;
  readonly tool_call_id?: unknown;
  readonly reasoning_content?: unknown;
  readonly thinking?: unknown;
}
