/** One turn of a conversation, in the form that chat templates take. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}
