import { z } from "zod";
import { InputError } from "../../base/errors.js";
import type { Message } from "../wire/message.js";

/** A request that this kernel does not know. */
export class UnsupportedRequest extends Error {
  override readonly name = "UnsupportedRequest";
}

/** A known request with invalid content. */
export class InvalidRequest extends InputError {}

const cursor = z.object({ code: z.string(), cursor_pos: z.number().int().min(0) });

/** Schemas of request contents, as far as this kernel reads them. */
export const contents = {
  execute: z.object({
    code: z.string(),
    silent: z.boolean().default(false),
    store_history: z.boolean().default(true),
    user_expressions: z.record(z.string(), z.string()).default({}),
    stop_on_error: z.boolean().default(true),
    allow_stdin: z.boolean().default(true),
  }),
  complete: cursor,
  inspect: cursor,
  is_complete: z.object({ code: z.string() }),
  history: z.object({
    hist_access_type: z.enum(["range", "tail", "search"]),
    output: z.boolean().default(false),
    session: z.number().int().default(0),
    start: z.number().int().default(1),
    stop: z.number().int().nullish(),
    n: z.number().int().min(0).nullish(),
    pattern: z.string().nullish(),
    unique: z.boolean().default(false),
  }),
  input: z.object({ value: z.string() }),
  shutdown: z.object({ restart: z.boolean().default(false) }),
  comm_open: z.object({ comm_id: z.string() }),
};

/**
 * Parses the content of a request.
 *
 * @throws InvalidRequest naming the first invalid field
 */
export function contentOf<Schema extends z.ZodType>({ header, content }: Message, schema: Schema): z.output<Schema> {
  const { success, data, error } = schema.safeParse(content);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new InvalidRequest(`${header.msg_type}: ${path.join(".") || "content"}: ${message}`);
}
