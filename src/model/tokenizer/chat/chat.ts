/** One turn of a conversation, in the form that chat templates expect. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  /** Further fields that some templates render: the speaker, tool calls and the call being answered, and reasoning. */
  readonly name?: unknown;
  readonly tool_calls?: unknown;
  readonly tool_call_id?: unknown;
  readonly reasoning_content?: unknown;
  readonly thinking?: unknown;
}
