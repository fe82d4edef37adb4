/** Content of a message, with the protocol's own fields. */
export type Content = Readonly<Record<string, unknown>>;

/** Sender and type of a message. Other fields are passed through. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  /** Id of the sender's session; a restarted kernel has a new one. */
  readonly session: string;
  readonly [field: string]: unknown;
}

/** A message of Jupyter's protocol. */
export interface Message {
  /** ZeroMQ's routing prefix: the recipient of a reply, or the topic of a published message. */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  /** The header of the request that this message answers; empty if there is none. */
  readonly parent: Header | Readonly<Record<string, never>>;
  readonly metadata: Content;
  readonly content: Content;
  readonly buffers: readonly Uint8Array[];
}
