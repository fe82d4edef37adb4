/** Of what a message says; its fields are the protocol's own. */
export type Content = Readonly<Record<string, unknown>>;

/** Who sent a message, and what kind it is. Fields beyond these are carried through. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  /** Of the sender's life: a kernel that was restarted has a new one. */
  readonly session: string;
  readonly [field: string]: unknown;
}

/** One message of Jupyter's protocol. */
export interface Message {
  /** ZeroMQ's routing prefix: to whom a reply goes, or the topic of what is published. */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  /** The header of the request that this answers; empty where there is none. */
  readonly parent: Header | Readonly<Record<string, never>>;
  readonly metadata: Content;
  readonly content: Content;
  readonly buffers: readonly Uint8Array[];
}
